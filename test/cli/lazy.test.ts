import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bareSource, importsOf } from '../support/source/source-reader.ts'

const source = (path: string) => readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8')
/** What is loaded before the file itself runs. */
const atOnce = (path: string) => importsOf(bareSource(source(path).replace(/\bawait import\(/g, 'later(')))

test('the server is started without loading the commands beside it', () => {
  const loaded = atOnce('main.ts').filter(({ typeOnly, specifier }) => !typeOnly && !specifier?.startsWith('node:'))
  assert.deepEqual(
    loaded.map(({ specifier }) => specifier),
    ['./config/config.ts', './config/sources.ts', './core/stop-requests.ts', './start-error.ts', './version.ts'],
  )
  assert.match(source('main.ts'), /await import\('\.\/cli\/program\.ts'\)/)
})

test('commands that send nothing do not load what sends', () => {
  const loaded = atOnce('cli/listen/listen.ts').filter(({ typeOnly }) => !typeOnly)
  assert.ok(!loaded.some(({ specifier }) => specifier === './forwarder.ts'))
})
