import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url))
const read = (name: string) => readFileSync(join(DEPLOY, name), 'utf8')
const lacks = (tool: string) => (spawnSync(tool, ['--version']).status === 0 ? false : `there is no ${tool} here`)

test('alerts and the dashboard ask for figures that the server has', async (t) => {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const url = `sqlite:${join(folder.path, 'discue.db')}`
  const server = await startServerProcess({ DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
  const text = await (await fetch(`${server.url}/metrics`)).text()
  await server.end('SIGTERM')
  // Names and units by its conventions; nothing to say is what it says of those.
  const linted = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  if (linted.error === undefined) assert.deepEqual([linted.status, linted.stderr], [0, ''])
  const there = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
  const asked = `${read('prometheus-rules.yml')}${read('grafana/discue.json')}`.match(/\bdiscue_[a-z_]+/g)!
  const missing = asked.filter((name) => !there.has(name) && !there.has(name.replace(/_(bucket|sum|count)$/, '')))
  assert.deepEqual(missing, [])
  assert.equal(JSON.parse(read('grafana/discue.json')).uid, 'discue')
})

test('Prometheus takes its configuration and the alerts', { skip: lacks('promtool') }, () => {
  const { status, stderr, stdout } = spawnSync('promtool', ['check', 'config', join(DEPLOY, 'prometheus.yml')])
  assert.equal(status, 0, `${stdout}${stderr}`)
})

test('systemd takes the unit, and has nothing against its exposure', { skip: lacks('systemd-analyze') }, (t) => {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const unit = join(folder.path, 'discue.service')
  // The paths of this machine, where there is no /opt/discue.
  const here = read('discue.service').replaceAll('/opt/discue/node_modules/.bin/discue', process.execPath)
  writeFileSync(unit, here.replace('WorkingDirectory=/opt/discue', `WorkingDirectory=${folder.path}`))
  const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
  const faults = verified.stderr.split('\n').filter((line) => line.includes('discue.service'))
  assert.deepEqual(faults, [])
  const exposure = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit])
  assert.equal(exposure.status, 0, String(exposure.stdout))
})

test('the image has what the pinned Node.js is linked to', { skip: lacks('ldd') }, () => {
  // Of Debian's packages.
  const packages: Record<string, string> = {
    ...{ 'libc|libm|libdl|libpthread|librt|ld-linux-x86-64|ld-linux-aarch64|linux-vdso': 'libc6' },
    ...{ 'libstdc\\+\\+': 'libstdc\\+\\+6', libgcc_s: 'libgcc-s1', libatomic: 'libatomic1' },
  }
  const linked = [...spawnSync('ldd', [process.execPath], { encoding: 'utf8' }).stdout.matchAll(/^\s*(\S+?)\.so/gm)]
  assert.ok(linked.length > 3, String(linked))
  for (const [, path] of linked) {
    const name = path!.split('/').at(-1)!
    const wanted = Object.entries(packages).find(([pattern]) => new RegExp(`^(${pattern})$`).test(name))?.[1]
    assert.ok(wanted !== undefined, `whose is ${name}?`)
    assert.match(
      read('container/system.sh'),
      new RegExp(`apt-get download .* ?${wanted}\\b`),
      `${wanted} is not fetched`,
    )
  }
})

test('what runs the server elsewhere gives Node.js the memory settings of npm start', () => {
  const { start } = JSON.parse(readFileSync(join(DEPLOY, '../package.json'), 'utf8')).scripts
  const flags = start.split(' ').filter((word: string) => word.startsWith('--'))
  assert.ok(flags.length > 0)
  const [, entrypoint] = /^ENTRYPOINT (.*)$/m.exec(read('Containerfile'))!
  assert.deepEqual(
    JSON.parse(entrypoint!).filter((word: string) => word.startsWith('--')),
    flags,
  )
})

test('Caddy takes the configuration of the compose file', {
  skip: spawnSync('caddy', ['version']).status !== 0,
}, () => {
  const file = join(DEPLOY, 'compose/Caddyfile')
  const { status, stderr } = spawnSync('caddy', ['validate', '--adapter', 'caddyfile', '--config', file])
  assert.equal(status, 0, String(stderr))
})

test('settings in compose files and in the chart are those that the server has', () => {
  const config = readFileSync(join(DEPLOY, '../src/config/config.ts'), 'utf8')
  const files = ['compose/embedded.yaml', 'compose/postgres.yaml', 'helm/discue/values.yaml', 'Containerfile']
  const named = files.flatMap((file) => read(file).match(/\bDISCUE_[A-Z_]+[A-Z]\b/g) ?? [])
  const inValues = [...read('helm/discue/values.yaml').matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(
    ([, name]) => `DISCUE_${name}`,
  )
  assert.ok(inValues.length >= 2 && named.length > 10)
  assert.deepEqual(
    [...named, ...inValues].filter((name) => !config.includes(name)),
    [],
  )
})
