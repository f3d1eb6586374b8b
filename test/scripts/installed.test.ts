import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { makeFolder } from '../support/server/server-process.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const lockOf = (version: string) => ({ packages: { '': {}, 'node_modules/thing': { version, integrity: version } } })

/** Stands for npm: takes its time, then makes `node_modules` of the lock file in its folder, or fails. */
const NPM = `#!${process.execPath}
const { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } = require('node:fs')
if (process.env.NPM_FAILS) { console.error('no network'); process.exit(1) }
setTimeout(() => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  mkdirSync('node_modules/thing', { recursive: true })
  mkdirSync('node_modules/.bin')
  symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/.bin/node')
  writeFileSync('node_modules/thing/version', packages['node_modules/thing'].version)
  writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }))
}, 300)
`

/** A checkout with version 1 installed, and an npm of its own. */
function checkout(t: TestContext) {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const at = (...names: string[]) => join(folder.path, ...names)
  cpSync(join(ROOT, 'scripts'), at('scripts'), { recursive: true })
  mkdirSync(at('bin'))
  writeFileSync(at('bin', 'npm'), NPM)
  chmodSync(at('bin', 'npm'), 0o755)
  mkdirSync(at('node_modules', 'thing'), { recursive: true })
  mkdirSync(at('node_modules', '.bin'))
  symlinkSync(process.execPath, at('node_modules', '.bin', 'node'))
  writeFileSync(at('node_modules', 'thing', 'version'), '1')
  writeFileSync(at('node_modules', '.package-lock.json'), JSON.stringify(lockOf('1')))
  writeFileSync(at('package.json'), '{}')
  const wants = (version: string) => writeFileSync(at('package-lock.json'), JSON.stringify(lockOf(version)))
  wants('1')
  const env = { ...process.env, PATH: `${at('bin')}${delimiter}${process.env.PATH}` }
  return {
    at,
    env,
    wants,
    version: () => readFileSync(at('node_modules', 'thing', 'version'), 'utf8'),
    ensure: (more = {}) =>
      spawnSync(process.execPath, [at('scripts', 'ensure-installed.mjs'), 'server'], {
        env: { ...env, ...more },
        encoding: 'utf8',
      }),
    /** What is there besides `node_modules` and what the checkout began with. */
    leftovers: () => readdirSync(folder.path).filter((name) => name.startsWith('.node_modules')),
  }
}

describe('a start installs what is missing, and destroys nothing', () => {
  test('a lock file that only looks newer installs nothing', (t) => {
    const { at, ensure } = checkout(t)
    const later = new Date(Date.now() + 60_000)
    utimesSync(at('package-lock.json'), later, later)
    const { status, stderr } = ensure({ NPM_FAILS: '1' })
    assert.equal(status, 0)
    assert.equal(stderr, '')
  })

  test('another lock file installs what it names', (t) => {
    const { ensure, wants, version, leftovers } = checkout(t)
    wants('2')
    const { status, stderr } = ensure()
    assert.equal(status, 0, stderr)
    assert.match(stderr, /^Installing [^\n]+ …\nInstalled in \d+ s\n$/)
    assert.equal(version(), '2')
    assert.deepEqual(leftovers(), [])
  })

  test('without a network all stays as it was, and one line says why', (t) => {
    const { ensure, wants, version, leftovers } = checkout(t)
    wants('2')
    const { status, stderr } = ensure({ NPM_FAILS: '1' })
    assert.equal(status, 1)
    assert.match(stderr, /^discue: npm ci .*failed; see its message above$/m)
    assert.equal(version(), '1')
    assert.deepEqual(leftovers(), [])
  })

  test('what runs from the folder finds the old version until the new one is whole', async (t) => {
    const { at, env, wants, version } = checkout(t)
    wants('2')
    const child = spawn(process.execPath, [at('scripts', 'ensure-installed.mjs'), 'server'], { env, stdio: 'ignore' })
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
    let isOver = false
    void ended.then(() => {
      isOver = true
    })
    const seen: string[] = []
    while (!isOver) {
      // Between the two renames there is neither.
      if (existsSync(at('node_modules', 'thing'))) seen.push(version())
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.equal(await ended, 0)
    assert.equal(version(), '2')
    assert.equal(seen[0], '1')
    assert.deepEqual(seen.toSorted(), seen)
  })

  test('what a start that was killed left behind is removed by the next one', (t) => {
    const { at, ensure, wants, leftovers } = checkout(t)
    const ended = spawnSync(process.execPath, ['-e', '']).pid
    mkdirSync(at(`.node_modules-${ended}`))
    mkdirSync(at(`.node_modules-${process.pid}`))
    wants('2')
    assert.equal(ensure().status, 0)
    assert.deepEqual(leftovers(), [`.node_modules-${process.pid}`])
  })
})
