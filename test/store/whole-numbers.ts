import assert from 'node:assert/strict'
import type { Store } from '../../src/store/store.ts'
import { aroundCalls, callOn } from './around-calls.ts'

/** The only numbers that may have fractions, wherever they are. */
const REAL = new Set(['perTokenMs', 'random', 'multiplier'])
/** What these hold is a client's, and is stored as the text that it is. */
const ANYTHING = new Set(['schema'])
/** What PostgreSQL keeps in four bytes. */
const FOUR_BYTES = new Set([
  'attempts',
  'attemptsBefore',
  'durationMs',
  'number',
  'port',
  'queueVersion',
  'status',
  'version',
])

/**
 * The store, which refuses to be asked for anything with a number that not every database takes: SQLite stores a fraction
 * where a whole number belongs, and takes NaN for null, so that no test on it alone would notice.
 */
export function refusingOddNumbers(store: Store): Store {
  return aroundCalls(store, (name, asks) => {
    for (const ask of asks) expectWhole(ask, name, '')
    return callOn(store, name, asks)
  })
}

function expectWhole(value: unknown, path: string, key: string): void {
  if (typeof value === 'number') {
    const fits = FOUR_BYTES.has(key) ? Math.abs(value) < 2 ** 31 : Number.isSafeInteger(value)
    const fine = REAL.has(key) ? Number.isFinite(value) : Number.isInteger(value) && fits
    assert.ok(fine, `the store was asked with ${path} = ${value}`)
  } else if (Array.isArray(value)) for (const entry of value) expectWhole(entry, `${path}[]`, key)
  else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array))
    for (const [name, entry] of Object.entries(value)) {
      if (!ANYTHING.has(name)) expectWhole(entry, `${path}.${name}`, name)
    }
}
