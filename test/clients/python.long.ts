import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startServer } from '../../src/embedded.ts'
import { makeFolder } from '../support/server/server-process.ts'
import { inTime } from '../support/wait-for.ts'
import { blocksOf } from './readme-blocks.ts'

const run = promisify(execFile)
const CLIENT = fileURLToPath(new URL('../../clients/python', import.meta.url))
const NEEDED = ['-c', 'import sys, venv; assert sys.version_info >= (3, 11)']
const skip = spawnSync('python3', NEEDED).status === 0 ? false : 'there is no Python from 3.11 on here'

/** Installing takes minutes on a small machine. */
const PATIENCE = { timeout: 900_000, skip }

test(
  'the Python client is formatted, typed, built, installed, and does what its tests and its page say',
  PATIENCE,
  async (t) => {
    await using server = await startServer({ logLevel: 'silent', targets: 'any' })
    const env = { ...process.env, DISCUE_URL: server.url, DISCUE_API_KEY: server.rootKey }
    const folder = makeFolder()
    t.after(() => folder[Symbol.dispose]())
    const client = join(folder.path, 'client')
    cpSync(CLIENT, client, { recursive: true })
    const bin = join(folder.path, 'venv/bin')
    const doing = async (command: string, ...args: string[]) => {
      const failed = (error: { stdout?: string; stderr?: string }) =>
        assert.fail(`${command} ${args.join(' ')}: ${error.stdout?.slice(-8_000)} ${error.stderr?.slice(-4_000)}`)
      await run(join(bin, command), args, {
        cwd: client,
        maxBuffer: 2 ** 26,
        env,
      }).catch(failed)
    }
    await run('python3', ['-m', 'venv', join(folder.path, 'venv')])
    await doing('pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', 'requirements-dev.txt')
    await doing('ruff', 'format', '--check', '.')
    await doing('ruff', 'check', '.')
    await doing('python', 'scripts/sync.py', '--check')
    await doing('python', '-m', 'build', '--wheel', '--no-isolation', '--outdir', 'dist', '.')
    const wheel = globSync('dist/*.whl', { cwd: client })
    assert.deepEqual(wheel, ['dist/discue_client-0.1.0-py3-none-any.whl'])
    // From here on what the tests import is what was installed.
    await doing('pip', 'install', '--quiet', '--disable-pip-version-check', ...wheel)
    await doing('mypy')
    await doing('pytest', '--quiet')

    const program = blocksOf(join(CLIENT, 'README.md'), 'python').replace('http://127.0.0.1:3000', server.url)
    writeFileSync(join(folder.path, 'page.py'), program)
    const secret = `whsec_${btoa('a-secret-of-24-bytes-long')}`
    const page = spawn(join(bin, 'python'), ['page.py'], {
      ...{ cwd: folder.path, env: { ...env, DISCUE_SECRET: secret } },
    })
    let output = ''
    page.stderr.on('data', (text) => (output += text))
    page.stdout.on('data', (text) => {
      output += text
      // The worker of the last block goes on until it is told to stop.
      if (output.includes('pulled {"order":3} False')) page.kill('SIGTERM')
    })
    const [code] = await inTime('the end of the blocks of the page', once(page, 'exit'))
    assert.equal(code, 0, output)
    assert.match(output, /'path': '\/name'/)
  },
)

test('the version of the Python client is that of its page', () => {
  const version = /^version = "(.*)"$/m.exec(readFileSync(join(CLIENT, 'pyproject.toml'), 'utf8'))![1]!
  assert.ok(readFileSync(join(CLIENT, 'README.md'), 'utf8').includes(`discue_client-${version}-py3`))
})
