// A page of messages with their data is read some at a time, and is the page that one call would have read.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { listMessages } from '../../src/app/messages.ts'
import type { Principal } from '../../src/core/tenant/api-key.ts'
import type { MessageDetails } from '../../src/store/messages.ts'
import type { Store } from '../../src/store/store.ts'

const MOST_CHARS = 3 * 1024 * 1024
const principal = { organizationId: 'o', scopes: null } as unknown as Principal
type Slice = Parameters<Store['messages']['list']>[0]

/** A store with messages of such lengths, newest first, and how much each call read. */
function storeOf(lengths: readonly number[]) {
  const all = lengths.map((chars, n) => ({ message: { id: String(9_999 - n), data: 'x'.repeat(chars) } }))
  const calls: number[] = []
  const list = async ({ before, offset, limit }: Slice) => {
    const from = before === null ? all : all.filter(({ message }) => message.id < before)
    const found = from.slice(offset, offset + limit)
    calls.push(found.reduce((sum, { message }) => sum + message.data.length, 0))
    return found as unknown as MessageDetails[]
  }
  return { store: { messages: { list } } as unknown as Store, all, calls }
}

const page = (store: Store, offset: number, limit: number) =>
  listMessages({ store }, { principal, queueId: null, before: null, offset, limit, full: true })

test('a page is the same whatever the lengths are', async () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 130, size: 'max' })
  const range = fc.record({ offset: fc.integer({ min: 0, max: 40 }), limit: fc.integer({ min: 1, max: 100 }) })
  const property = fc.asyncProperty(lengths, range, async (given, { offset, limit }) => {
    const { store, all } = storeOf(given)
    const { entries, more } = await page(store, offset, limit)
    assert.deepEqual(
      entries.map(({ message }) => message.id),
      all.slice(offset, offset + limit).map(({ message }) => message.id),
    )
    assert.equal(more, all.length > offset + limit)
  })
  await fc.assert(property, { numRuns: 100 })
})

test('one of the longest messages is read two mebibytes at a time, one of short ones in two calls', async () => {
  const long = storeOf(Array(101).fill(256 * 1024))
  assert.equal((await page(long.store, 0, 100)).entries.length, 100)
  assert.ok(Math.max(...long.calls) <= MOST_CHARS, `${Math.max(...long.calls)} characters at once`)
  const short = storeOf(Array(101).fill(100))
  assert.equal((await page(short.store, 0, 100)).entries.length, 100)
  assert.equal(short.calls.length, 2)
})
