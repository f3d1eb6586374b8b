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
  // Of Debian's packages; the base has the first three, the rest has to be asked for.
  const packages: Record<string, string> = {
    ...{ 'libc|libm|libdl|libpthread|librt|ld-linux-x86-64|ld-linux-aarch64|linux-vdso': 'libc6' },
    ...{ 'libstdc\\+\\+': 'libstdc++6', libgcc_s: 'libgcc-s1', libatomic: 'libatomic1' },
  }
  const base = ['libc6', 'libstdc++6', 'libgcc-s1']
  const linked = [...spawnSync('ldd', [process.execPath], { encoding: 'utf8' }).stdout.matchAll(/^\s*(\S+?)\.so/gm)]
  assert.ok(linked.length > 3, String(linked))
  for (const [, path] of linked) {
    const name = path!.split('/').at(-1)!
    const wanted = Object.entries(packages).find(([pattern]) => new RegExp(`^(${pattern})$`).test(name))?.[1]
    assert.ok(wanted !== undefined, `whose is ${name}?`)
    assert.ok(base.includes(wanted) || read('Containerfile').includes(` ${wanted} `), `${wanted} is not installed`)
  }
})

test('the container file copies what there is', () => {
  const root = join(DEPLOY, '..')
  const copied = [...read('Containerfile').matchAll(/^COPY --from=build \/app\/(\S+)/gm)].map(([, path]) => path!)
  const made = ['node_modules', 'build']
  for (const path of copied) {
    if (!made.includes(path))
      assert.ok(spawnSync('git', ['ls-files', '--error-unmatch', path], { cwd: root }).status === 0, path)
  }
})
