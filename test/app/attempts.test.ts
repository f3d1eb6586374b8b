// A page of a message's attempts, of which there may be a million: read some at a time, and never more held than the page
// needs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AttemptPosition, listAttempts, type MessageAttempt, newerFirst } from '../../src/app/messages.ts'
import type { Store } from '../../src/store/store.ts'

const ADDRESS = { organizationId: 'o', queueId: '0'.repeat(21), id: '0'.repeat(21) }
type Ask = Parameters<Store['messages']['attempts']>[0]

function attempt(listenerId: string, number: number, startedAt: number): MessageAttempt {
  return { listenerId, attempt: { number, startedAt, durationMs: 1, status: 500, error: null, response: 'no' } }
}

/** A store that has these, and notes how many it was asked for. */
function storeOf(all: readonly MessageAttempt[]) {
  const sorted = all.toSorted((a, b) =>
    a.listenerId === b.listenerId ? b.attempt.number - a.attempt.number : a.listenerId < b.listenerId ? -1 : 1,
  )
  const asked: number[] = []
  const attempts = async ({ part }: Ask) => {
    asked.push(part?.limit ?? Number.POSITIVE_INFINITY)
    const { after, limit } = part!
    const rest = sorted.filter(
      ({ listenerId, attempt: { number } }) =>
        after === null || listenerId > after.listenerId || (listenerId === after.listenerId && number < after.number),
    )
    return rest.slice(0, limit)
  }
  return { store: { messages: { attempts } } as unknown as Store, asked }
}

test('a page has what a sorted list of all of them would have there', async () => {
  const some = fc.uniqueArray(
    fc.record({
      listenerId: fc.constantFrom('a', 'b', 'c'),
      number: fc.integer({ min: 1, max: 600 }),
      startedAt: fc.integer({ min: 0, max: 50 }),
    }),
    { selector: ({ listenerId, number }) => `${listenerId} ${number}`, maxLength: 1_500, minLength: 400, size: 'max' },
  )
  const range = fc.record({ offset: fc.integer({ min: 0, max: 60 }), limit: fc.integer({ min: 1, max: 100 }) })
  const property = fc.asyncProperty(some, range, fc.option(fc.nat()), async (found, { offset, limit }, pick) => {
    const all = found.map(({ listenerId, number, startedAt }) => attempt(listenerId, number, startedAt))
    const below: AttemptPosition | null = pick === null ? null : all[pick % all.length]!
    const { store, asked } = storeOf(all)
    const listing = await listAttempts({ store }, { ...ADDRESS, below, offset, limit })
    const expected = all
      .toSorted(newerFirst)
      .filter((it) => below === null || newerFirst(below, it) < 0)
      .slice(offset)
    assert.deepEqual(listing, { entries: expected.slice(0, limit), more: expected.length > limit })
    assert.ok(asked.every((one) => one <= 500))
  })
  await fc.assert(property, { numRuns: 50 })
})
