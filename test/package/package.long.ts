import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, globSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeFolder } from '../support/server/server-process.ts'
import { startServerBy } from '../support/server/started.ts'
import { expectAMessageToArrive } from './delivered.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const PACKED = join(ROOT, 'build', `discue-${version}.tgz`)
/** Building and installing take minutes on a busy machine. */
const PATIENCE = { timeout: 900_000 }
const MB = 1_000_000

describe('the package', PATIENCE, () => {
  const folder = makeFolder()
  after(() => folder[Symbol.dispose]())
  const app = folder.path
  const bin = join(app, 'node_modules', '.bin', 'discue')
  const environment = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: app }
  before(async () => {
    await run(process.execPath, ['scripts/package.mjs'], { cwd: ROOT })
    writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }')
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', PACKED], { cwd: app })
  })

  test('is small, packed and installed, and runs no scripts as it is installed', () => {
    assert.ok(statSync(PACKED).size <= 3 * MB, `packed: ${statSync(PACKED).size} bytes`)
    const installed = globSync('node_modules/**', { cwd: app })
      .map((path) => lstatSync(join(app, path)))
      .reduce((sum, { blocks }) => sum + blocks * 512, 0)
    assert.ok(installed <= 35 * MB * 1.048_576, `installed: ${installed} bytes`)
    const manifests = globSync('node_modules/**/package.json', { cwd: app })
    const scripts = manifests.flatMap((path) => {
      const { scripts = {} } = JSON.parse(readFileSync(join(app, path), 'utf8'))
      return ['preinstall', 'install', 'postinstall']
        .filter((name) => name in scripts)
        .map((name) => `${path}: ${name}`)
    })
    assert.deepEqual(scripts, [])
  })

  test('holds what runs, and no tests, benchmarks or sources that would have to be stripped', () => {
    const names = globSync('**/*', { cwd: join(app, 'node_modules', 'discue') })
    const unwanted = names.filter((name) => /(?:\.test\.|\.long\.|^bench|^docs\/(?!api)|(?<!\.d)\.ts$)/.test(name))
    assert.deepEqual(unwanted, [])
    for (const name of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'build/dashboard/index.html',
      'build/dashboard/licenses.md',
    ])
      assert.ok(names.includes(name), name)
    const { dependencies } = JSON.parse(readFileSync(join(app, 'node_modules/discue/package.json'), 'utf8'))
    assert.ok(!('node' in dependencies), 'the machine has a Node.js')
  })

  test('tells its version', async () => {
    const { stdout } = await run(bin, ['--version'], { env: environment })
    assert.equal(stdout, `${version}\n`)
  })

  test('starts a server that delivers and stops, with the memory settings of npm start', async () => {
    const env = { ...environment, DISCUE_PORT: '0' }
    const server = await startServerBy(bin, ['serve'], { cwd: app, env })
    if (process.platform === 'linux') {
      const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
      const given = scripts.start.split(' ').filter((word: string) => word.startsWith('--'))
      const words = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0')
      assert.deepEqual(
        words.filter((word) => /^--.*=/.test(word)),
        given,
      )
    }
    await expectAMessageToArrive(server)
    assert.equal(await server.stop(), 0)
  })

  test('tells an old Node.js what is needed in one line', async () => {
    const program = join(app, 'node_modules/discue/bin/discue.mjs')
    const old = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'22.4.1'})`
    const failure = await run(process.execPath, ['--import', old, program, 'serve']).catch((error) => error)
    assert.equal(failure.code, 1)
    assert.match(
      failure.stderr,
      /^discue: Node\.js 26 or later is needed, and this is 22\.4\.1[^\n]*single file[^\n]*\n$/,
    )
  })

  test('is a server in a program of its user, typed, with a database in memory and a clock that is moved', async () => {
    cpSync(join(import.meta.dirname, 'embedding.ts.txt'), join(app, 'embedding.ts'))
    const compiler = join(ROOT, 'node_modules/.bin/tsc')
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')]
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--target', 'esnext']
    await run(compiler, [...strict, ...types, '--module', 'nodenext', 'embedding.ts'], { cwd: app }).catch((error) => {
      throw new Error(error.stdout)
    })
    const { stdout } = await run(process.execPath, ['embedding.js'], { cwd: app })
    assert.equal(stdout, 'delivered after a day: {"order":1}\nstopped\n')
  })

  test('reads well for the tools of its users', async () => {
    using checkers = makeFolder()
    cpSync(join(import.meta.dirname, 'checkers'), checkers.path, { recursive: true })
    await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: checkers.path })
    await run('npx', ['publint', PACKED, '--strict'], { cwd: checkers.path })
    await run('npx', ['attw', PACKED, '--profile', 'esm-only'], { cwd: checkers.path }).catch((error) => {
      throw new Error(error.stdout)
    })
  })
})
