import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

/** What systemd does for a unit of `Type=notify`: it reads datagrams on a socket. Node.js has none of that kind. */
const READER = `
import socket, sys
reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
reader.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(reader.recv(4096).decode().replace("\\n", " "), flush=True)
`
const lacks = (tool: string) => spawnSync(tool, ['--version']).status !== 0
const missing = ['systemd-notify', 'python3'].filter(lacks)
const skip = missing.length > 0 && `there is no ${missing.join(' and no ')} here`

test('systemd is told that the server is ready, and that it stops', { skip, timeout: 60_000 }, async (t) => {
  using folder = makeFolder()
  const socket = join(folder.path, 'notify')
  const reader = spawn('python3', ['-c', READER, socket])
  t.after(() => reader.kill())
  let read = ''
  reader.stdout.on('data', (text) => (read += text))
  await waitFor('a reader of notifications', () => read.includes('listening'))
  const url = `sqlite:${join(folder.path, 'discue.db')}`
  const env = { DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY, NOTIFY_SOCKET: socket }
  const server = await startServerProcess(env)
  await waitFor('word that it is ready', () => read.includes('READY=1'))
  assert.equal(await server.end('SIGTERM'), 0)
  await waitFor('word that it stops', () => read.includes('STOPPING=1'))
})

test('a server whose service manager cannot be told says so in its log, and serves', { timeout: 60_000 }, async () => {
  using folder = makeFolder()
  const url = `sqlite:${join(folder.path, 'discue.db')}`
  const env = { DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY, NOTIFY_SOCKET: join(folder.path, 'none') }
  const server = await startServerProcess(env)
  const said = () => Object.values(server.output()).some((text) => text.includes('systemd could not be told'))
  await waitFor('a line in the log', said)
  assert.equal((await fetch(`${server.url}/health/ready`)).status, 200)
  assert.equal(await server.end('SIGTERM'), 0)
})
