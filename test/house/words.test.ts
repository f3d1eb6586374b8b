import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { OLD_WORDS } from '../support/source/old-words.ts'
import { bareSource } from '../support/source/source-reader.ts'

const ROOT = join(import.meta.dirname, '..', '..')

describe('old words do not come back', () => {
  const files = globSync(['{src,test,bench,torture}/**/*.ts', 'dashboard/{src,test}/**/*.{ts,tsx}'], {
    cwd: ROOT,
  }).filter((path) => !path.startsWith('test/house/'))
  const sources = files.map((path) => ({ path, code: bareSource(readFileSync(join(ROOT, path), 'utf8')).code }))

  for (const [old, say] of OLD_WORDS) {
    test(`${old.source}: say ${say}`, () => {
      assert.deepEqual(
        sources.filter(({ code }) => old.test(code)).map(({ path }) => path),
        [],
      )
    })
  }
})
