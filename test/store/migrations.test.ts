import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'

for (const store of ['sqlite', 'postgres']) {
  test(`${store}: migrations are numbered without gap or repetition, for a database remembers how many it has had`, () => {
    const names = readdirSync(new URL(`../../src/store-${store}/migrations/`, import.meta.url)).sort()
    assert.deepEqual(
      names.map((name) => Number(name.slice(0, 4))),
      names.map((_, index) => index + 1),
    )
  })
}
