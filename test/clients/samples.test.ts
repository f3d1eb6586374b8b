import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeFolder } from '../support/server/server-process.ts'
import { clientFolder, everySample, writeSamples } from './samples.ts'

const run = promisify(execFile)
const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

test('each operation has a request in four languages, which names its method and its whole path', async () => {
  const { paths } = JSON.parse(readFileSync(root('docs/api/openapi.json'), 'utf8'))
  const samples = await everySample()
  for (const [path, methods] of Object.entries<Record<string, { operationId: string }>>(paths)) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      const { curl, TypeScript, Python, Go } = samples.get(operationId)!
      const whole = new RegExp(
        `-X ${method.toUpperCase()} 'http://127.0.0.1:3000${path.replace(/\{\w+\}/g, '[^/{}]+')}'`,
      )
      assert.match(curl, whole, operationId)
      for (const text of [TypeScript, Python, Go]) assert.doesNotMatch(text, /undefined|NaN|\[object|[^$]\{\w+_id\}/)
    }
  }
})

test('what curl is told is what a shell gives it', async () => {
  for (const [id, { curl }] of await everySample()) {
    const told = spawnSync('sh', ['-c', curl.replace(/^curl/, `printf '%s\\n'`)], { encoding: 'utf8' })
    assert.equal(told.status, 0, `${id}: ${told.stderr}`)
    const body = /\n-d\n([\s\S]*)\n$/.exec(told.stdout.replaceAll(/\n-d /g, '\n-d\n'))?.[1]
    if (body !== undefined) assert.doesNotThrow(() => JSON.parse(body), id)
  }
})

test('the TypeScript of every operation fits the client', { timeout: 120_000 }, async (t) => {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  await writeSamples(folder.path, 'TypeScript', (id, text) => ({ name: `${id}.ts`, text }))
  const compilerOptions = {
    noEmit: true,
    moduleDetection: 'force',
    typeRoots: [root('node_modules/@types')],
    paths: { 'discue-client': [join(clientFolder('typescript'), 'src/index.ts')] },
  }
  const config = { extends: root('tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] }
  writeFileSync(join(folder.path, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(join(folder.path, 'tsconfig.json'), JSON.stringify(config))
  await run(root('node_modules/.bin/tsc'), ['-p', folder.path]).catch(({ stdout }) => assert.fail(stdout))
})
