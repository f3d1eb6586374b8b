import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const FAULTS = fileURLToPath(new URL('misbehaving.mjs', import.meta.url))

async function start(t: TestContext, misbehave: string): Promise<ServerProcess> {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  return startServerProcess({
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    NODE_OPTIONS: `--import=${FAULTS}`,
    MISBEHAVE: misbehave,
  })
}

/** Resolves once the server has written this to its log. */
async function logged(server: ServerProcess, line: RegExp): Promise<Record<string, unknown>> {
  const found = () =>
    server
      .output()
      .stderr.split('\n')
      .find((text) => line.test(text))
  await waitFor(`${line} in the log`, () => found() !== undefined)
  return JSON.parse(found()!)
}

const LIMIT = { timeout: 60_000 }

test('an error of a connection that no listener hears is logged, and the server goes on', LIMIT, async (t) => {
  const server = await start(t, 'socket')
  process.kill(server.pid, 'SIGUSR2')
  const { level, origin, err } = await logged(server, /no listener heard; going on/)
  assert.deepEqual([level, origin], [50, 'uncaughtException'])
  const { code, stack } = err as { code: string; stack: string }
  assert.equal(code, 'ECONNRESET')
  assert.match(stack, /ECONNRESET.*\n +at /)
  assert.equal((await fetch(`${server.url}/health/ready`)).status, 200)
  assert.equal(await server.end('SIGTERM'), 0)
})

for (const [misbehave, origin, message] of [
  ['throws', 'uncaughtException', /a fault of the program/],
  ['rejects', 'unhandledRejection', /a promise that no caller awaits/],
] as const) {
  test(`a server that ${misbehave} where nothing hears it answers what is open, and exits with 1`, LIMIT, async (t) => {
    const server = await start(t, misbehave)
    const post = await openPost(t, server)
    process.kill(server.pid, 'SIGUSR2')
    const line = await logged(server, /no listener heard; stopping/)
    assert.equal(line.origin, origin)
    assert.match((line.err as { stack: string }).stack, message)
    // The stop has begun: no connection is taken any more.
    const answer = await post.finish()
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
    assert.equal(await server.exited, 1)
  })
}

test('a database whose thread has ended stops the server, which exits with 1', LIMIT, async (t) => {
  const server = await start(t, 'thread')
  process.kill(server.pid, 'SIGUSR2')
  const line = await logged(server, /no listener heard; stopping/)
  assert.match(JSON.stringify(line.err), /the thread of the database has ended.*the database thread fails/)
  assert.equal(await server.exited, 1)
})

/** A request of which all but the last byte has been sent, and read by the server. */
async function openPost(t: TestContext, { url }: ServerProcess): Promise<{ finish(): Promise<string> }> {
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
  t.after(() => socket.destroy())
  const body = JSON.stringify({ name: 'open' })
  const head = `POST /v1/queues HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${TEST_ROOT_KEY}\r\nContent-Type: application/json`
  socket.write(`${head}\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`)
  // That it says to go on means that it has the head.
  const [first] = await once(socket, 'data')
  assert.match(String(first), /^HTTP\/1\.1 100 /)
  return {
    async finish() {
      socket.write(body)
      return String((await once(socket, 'data'))[0])
    },
  }
}
