import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  cycleFaults,
  layerFaults,
  packageFaults,
  readFile,
  type SourceFile,
  unpredictableFaults,
} from './support/source/architecture.ts'
import { bareSource, importsOf } from './support/source/source-reader.ts'

const SRC = join(import.meta.dirname, '..', 'src')
const files = globSync('**/*.ts', { cwd: SRC }).map((path) => readFile(path, readFileSync(join(SRC, path), 'utf8')))

describe('the house', () => {
  test('has its files where this test looks for them', () => {
    const paths = files.map((file) => file.path)
    for (const path of ['runtime.ts', 'core/delivery/queue.ts', 'store/store.ts']) assert.ok(paths.includes(path), path)
  })

  test('every file of it that is imported exists, by its full name', () => {
    const edges = files.flatMap((file) => file.edges)
    const missing = edges.filter((edge) => edge.target !== null && !existsSync(join(SRC, edge.target)))
    assert.deepEqual(
      missing.map((edge) => `${edge.from} imports ${edge.specifier}, which is not there`),
      [],
    )
  })

  test('imports go one way, http and engine never meet, nor do the stores, and only server.ts and database-file.ts name a store', () => {
    assert.deepEqual(layerFaults(files), [])
  })

  test('fastify stays in http, name look-ups in engine, and each database in its store', () => {
    assert.deepEqual(packageFaults(files), [])
  })

  test('no two files need each other, not even for types', () => {
    assert.deepEqual(cycleFaults(files), [])
  })

  test('time, timers and chance come from runtime.ts, and the environment from config/', () => {
    assert.deepEqual(unpredictableFaults(files), [])
  })
})

describe('the reader of imports', () => {
  const read = (source: string) => importsOf(bareSource(source))
  const value = (specifier: string) => ({ specifier, typeOnly: false })
  const type = (specifier: string) => ({ specifier, typeOnly: true })

  const readings: [string, string, ReturnType<typeof read>][] = [
    ['a default', `import a from './a.ts'`, [value('./a.ts')]],
    ['names over many lines', `import {\n  a,\n  type B as C,\n} from "./a.ts"\n`, [value('./a.ts')]],
    ['a default with names', `import a, { b } from 'x'`, [value('x')]],
    ['everything', `import * as a from 'x'`, [value('x')]],
    ['effects', `import './a.ts'`, [value('./a.ts')]],
    ['types', `import type { A } from './a.ts'`, [type('./a.ts')]],
    ['a default type', `import type A from './a.ts'`, [type('./a.ts')]],
    ['a value that is called type', `import type from './a.ts'`, [value('./a.ts')]],
    ['an export of names', `export { a } from './a.ts'`, [value('./a.ts')]],
    ['an export of everything', `export * from './a.ts'`, [value('./a.ts')]],
    ['an export of types', `export type { A } from './a.ts'`, [type('./a.ts')]],
    ['a dynamic import', `const a = await import('./a.ts')`, [value('./a.ts')]],
    ['a dynamic import of a template', 'await import(`./a.ts`)', [value('./a.ts')]],
    ['a dynamic import that is computed', `await import(\`./\${name}.ts\`)`, [{ specifier: null, typeOnly: false }]],
    ['a require', `require('x')`, [value('x')]],
    ['two on one line', `import 'a';import b from 'b'`, [value('a'), value('b')]],
    ['an export that imports nothing', `export const from = 'x'\nexport type A = 'y'`, []],
    ['a comment', `// import a from 'x'\n/* import 'y' */`, []],
    ['a text', `const a = "import b from 'x'"`, []],
    ['a template', `const a = \`import b from 'x' \${f('y')} import 'z'\``, []],
    ['a regular expression with a quote in it', `const a = /['"\`/]/\nimport 'x' // it's`, [value('x')]],
    ['a division', `const a = b / 2 // it's\nimport 'x'\nconst c = d / 3`, [value('x')]],
    ['an import after a nested template', `const a = \`\${{ b: \`}\${c}\` }.b}\`\nimport 'x'`, [value('x')]],
    ['import.meta', 'import.meta.dirname', []],
  ]
  for (const [what, source, expected] of readings) test(what, () => assert.deepEqual(read(source), expected))
})

describe('a fault is found and named', () => {
  const house = (sources: Record<string, string>): SourceFile[] =>
    Object.entries(sources).map(([path, source]) => readFile(path, source))

  const forbidden: [string, string][] = [
    ['core/queue.ts', '../store/store.ts'],
    ['core/queue.ts', '../runtime.ts'],
    ['store/store.ts', '../app/deps.ts'],
    ['store-sqlite/queues.ts', '../app/deps.ts'],
    ['store-sqlite/queues.ts', '../store-postgres/queues.ts'],
    ['store-postgres/queues.ts', '../store-sqlite/queues.ts'],
    ['app/deps.ts', '../engine/lane.ts'],
    ['app/deps.ts', '../store-sqlite/queues.ts'],
    ['engine/lane.ts', '../http/api.ts'],
    ['engine/lane.ts', '../config/config.ts'],
    ['http/api.ts', '../engine/lane.ts'],
    ['http/v1/queues.ts', '../../store-sqlite/queues.ts'],
    ['http/api.ts', '../server.ts'],
    ['cli/serve.ts', '../store-sqlite/queues.ts'],
    ['main.ts', './http/api.ts'],
    ['config/config.ts', '../server.ts'],
    ['runtime.ts', './store/store.ts'],
    ['server.ts', './main.ts'],
  ]
  for (const [from, specifier] of forbidden) {
    test(`${from} may not import ${specifier}, not even its types`, () => {
      const faultsOf = (source: string) => layerFaults(house({ [from]: source })).map((fault) => fault.split(': ')[0])
      assert.deepEqual(faultsOf(`import '${specifier}'`), [`${from} imports ${specifier}`])
      assert.deepEqual(faultsOf(`import type { A } from '${specifier}'`), [`${from} imports types of ${specifier}`])
    })
  }

  test('a layer may import the layers below it, and the types of the runtime', () => {
    const allowed = {
      'http/api.ts': `import '../app/deps.ts'; import '../core/queue.ts'; import type { Runtime } from '../runtime.ts'`,
      'server.ts': `import './store-sqlite/database.ts'; import './http/api.ts'; import './engine/lane.ts'; import './runtime.ts'`,
      'main.ts': `import './cli/serve.ts'; import './config/config.ts'`,
    }
    assert.deepEqual(layerFaults(house(allowed)), [])
  })

  test('a layer may not make a runtime of its own', () => {
    assert.equal(layerFaults(house({ 'http/api.ts': `import { createRuntime } from '../runtime.ts'` })).length, 1)
  })

  test('a folder that the table does not know is a fault', () => {
    assert.deepEqual(layerFaults(house({ 'utils/x.ts': '' })), ['utils/x.ts is in no layer that the table knows'])
  })

  test('an import that is computed is a fault', () => {
    assert.equal(layerFaults(house({ 'app/deps.ts': 'await import(name)' })).length, 1)
  })

  test('a package in a layer that may not use it', () => {
    const sources = {
      'http/api.ts': `import { lookup } from 'node:dns'; import cors from '@fastify/cors'`,
      'engine/sender.ts': `import { Resolver } from 'node:dns/promises'; import type { FastifyInstance } from 'fastify'`,
      'server.ts': `import { DatabaseSync } from 'node:sqlite'`,
      'store-sqlite/database.ts': `import postgres from 'postgres'; import 'node:sqlite'`,
    }
    assert.deepEqual(packageFaults(house(sources)), [
      'http/api.ts imports node:dns: only engine/ may',
      'engine/sender.ts imports types of fastify: only http/ may',
      'server.ts imports node:sqlite: only store-sqlite/ may',
      'store-sqlite/database.ts imports postgres: only store-postgres/ may',
    ])
  })

  test('a cycle, also of files that only know the types of each other', () => {
    const sources = {
      'app/a.ts': `import './b.ts'`,
      'app/b.ts': `import './c.ts'`,
      'app/c.ts': `import './a.ts'; import type { D } from './d.ts'`,
      'app/d.ts': `import './c.ts'`,
    }
    assert.deepEqual(cycleFaults(house(sources)), [
      'app/a.ts → app/b.ts → app/c.ts → app/a.ts is a cycle',
      'app/c.ts → app/d.ts → app/c.ts is a cycle',
    ])
  })

  const unpredictable = [
    ['Date.now()', 'Date.now'],
    ['const now = Date.now', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['new Date', 'new Date()'],
    ['Date()', 'Date()'],
    ['Math.random()', 'Math.random'],
    ['setTimeout(run, 5)', 'setTimeout'],
    ['globalThis.setTimeout(run, 5)', 'setTimeout'],
    [`import { setInterval } from 'node:timers/promises'`, 'setInterval'],
    ['process.env.HOME', 'process.env'],
    ['const { env } = process', 'process.env'],
  ] as const
  for (const [source, what] of unpredictable) {
    test(`${source} outside its one file`, () => {
      const [fault, ...more] = unpredictableFaults(house({ 'app/deps.ts': source }))
      assert.match(fault ?? '', new RegExp(`^app/deps.ts uses ${what.replace(/[.()]/g, '\\$&')}: only `))
      assert.deepEqual(more, [])
    })
  }

  test('what only looks unpredictable is none', () => {
    const source = `new Date(ms); socket.setTimeout(5); const setTimeoutMs = 'Date.now()' // Math.random()`
    assert.deepEqual(unpredictableFaults(house({ 'app/deps.ts': source })), [])
  })

  test('runtime.ts and config/ may do what no other file may', () => {
    const sources = { 'runtime.ts': 'Date.now(); Math.random(); setTimeout(run)', 'config/sources.ts': 'process.env' }
    assert.deepEqual(unpredictableFaults(house(sources)), [])
  })
})
