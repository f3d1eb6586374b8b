import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../../torture/servers/ports.ts'
import { makeFolder, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { inTime, waitFor } from '../support/wait-for.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CONTAINERFILE = readFileSync(join(ROOT, 'deploy/Containerfile'), 'utf8')
const isDebian = existsSync('/etc/debian_version') && spawnSync('dpkg-deb', ['--version']).status === 0
const skip = isDebian && process.getuid?.() === 0 ? false : 'the steps of the image run on Debian, as root'
const PATIENCE = { timeout: 900_000, skip }

/** The value of an instruction that is written as JSON. */
function listOf(instruction: string): string[] {
  return JSON.parse(
    new RegExp(`^${instruction} .*?(\\[.*\\])$|${instruction} (\\[.*\\])$`, 'm').exec(CONTAINERFILE)![1]!,
  )
}

const sizeOf = (path: string) => Number(execFileSync('du', ['-sb', path], { encoding: 'utf8' }).split('\t')[0])

describe('the image, made by the steps of its file in a folder', PATIENCE, () => {
  const folder = makeFolder()
  after(() => folder[Symbol.dispose]())
  const image = join(folder.path, 'image')
  const layers: Record<string, number> = {}

  before(async () => {
    if (skip) return
    const checkout = join(folder.path, 'checkout')
    mkdirSync(checkout)
    const files = (await run('git', ['ls-files'], { cwd: ROOT, maxBuffer: 2 ** 24 })).stdout.trim().split('\n')
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').trim().split('\n')
    const context = files.filter((file) => !ignored.some((path) => file === path || file.startsWith(`${path}/`)))
    for (const file of context) if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(checkout, file))
    await run('sh', ['deploy/container/system.sh', image], { cwd: ROOT })
    layers.system = sizeOf(image)
    await run('sh', ['deploy/container/server.sh', image], { cwd: checkout, maxBuffer: 2 ** 26 })
    layers.server = sizeOf(image) - layers.system
  })

  test('is at most 200 MB, most of which is Node.js', (t) => {
    t.diagnostic(`bytes by layer: ${JSON.stringify(layers)}`)
    assert.ok(layers.system! < 15e6, `the system has ${layers.system} bytes`)
    assert.ok(layers.system! + layers.server! < 200e6, `it has ${layers.system! + layers.server!} bytes`)
  })

  test('has one Node.js, and nothing to build with', async () => {
    const found = (name: string) =>
      execFileSync('find', [image, '-type', 'f', '-name', name], { encoding: 'utf8' }).trim().split('\n')
    assert.deepEqual(found('node'), [join(image, 'opt/discue/bin/node')])
    for (const name of ['npm', 'tsc', 'esbuild', 'node.h', 'gcc', 'apt-get']) assert.deepEqual(found(name), [''], name)
  })

  test('starts as the user of the file, answers its health check, and stops in order', PATIENCE, async (t) => {
    const port = String(await freePort())
    const [user] = /^USER (\S+)$/m.exec(CONTAINERFILE)!.slice(1)
    const set = [...CONTAINERFILE.matchAll(/(DISCUE_\w+|NODE_COMPILE_CACHE|PATH)=(\S+)/g)].map(([pair]) => pair)
    const env = [...set, `DISCUE_PORT=${port}`, 'DISCUE_HOST=127.0.0.1', `DISCUE_ROOT_API_KEY=${TEST_ROOT_KEY}`]
    const inside = ['--userspec', user!, image, '/bin/env', '-i', ...env]
    const server = spawn('chroot', [...inside, ...listOf('ENTRYPOINT'), 'serve'])
    t.after(() => server.kill('SIGKILL'))
    let output = ''
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (output += text))
    await waitFor(`a server that is ready: ${output}`, () => output.includes('is ready at'))
    assert.ok(!output.includes('Warning'), output)
    const check = listOf('HEALTHCHECK').map((word) => word.replace(':3000', `:${port}`))
    await run('chroot', [...inside, ...check])
    server.kill('SIGTERM')
    const [code] = await inTime('the end of the server', once(server, 'exit'))
    assert.equal(code, 0, output)
    await assert.rejects(run('chroot', [...inside, ...check]), 'the check of a server that is gone')
  })
})
