import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptMessages } from '../../src/app/accept-message.ts'
import type { FilteredRoute } from '../../src/app/caches/queue-directory.ts'
import { compileQueueFilters } from '../../src/core/listener-filter/queue-filters.ts'

type Deps = Parameters<typeof acceptMessages>[0]
const MESSAGES = 20

/** How many turns of the event loop others have while a batch of small messages is judged by filters of this length. */
async function turnsBeside(filterChars: number): Promise<number> {
  const filters = compileQueueFilters([{ data: { order: 'x'.repeat(filterChars) } }])
  const route = { queue: { schema: null }, listeners: [{}], filters } as unknown as FilteredRoute
  const deps = {
    acceptor: { accept: async () => 'accepted' },
    directory: { peek: () => route },
    runtime: { now: () => 1_700_000_000_000, newId: () => 'id' },
    schemaChecks: { expectFit: () => undefined },
  } as unknown as Deps
  let turns = 0
  let isOver = false
  const turn = () => {
    turns += 1
    if (!isOver) setImmediate(turn)
  }
  const message = { name: null, key: null, data: '{"order":1}' }
  const accepted = acceptMessages(deps, {
    ...{ organizationId: 'o', queueId: 'q' },
    messages: Array.from({ length: MESSAGES }, () => message),
  })
  setImmediate(turn)
  await accepted
  isOver = true
  return turns
}

test('a batch that long filters judge is judged in pieces, between which others have their turn', async () => {
  assert.ok((await turnsBeside(300_000)) >= MESSAGES - 1)
  assert.ok((await turnsBeside(100)) <= 2)
})
