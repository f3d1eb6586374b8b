import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptMessages } from '../../src/app/accept-message.ts'
import type { FilteredRoute } from '../../src/app/caches/queue-directory.ts'
import { compileQueueFilters } from '../../src/core/listener-filter/queue-filters.ts'
import type { Problem } from '../../src/core/problem.ts'

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

/** Accepts a thousand messages of a queue with a thousand listeners, each with one of so many filters of this length. */
async function acceptThousand({ kinds, filterChars }: { kinds: number; filterChars: number }): Promise<void> {
  const filterOf = (index: number) => ({ data: { shop: index % kinds, note: { $ne: 'x'.repeat(filterChars) } } })
  const filters = compileQueueFilters(Array.from({ length: 1_000 }, (_, index) => filterOf(index)))
  const listeners = Array.from({ length: 1_000 }, () => ({}))
  const deps = {
    acceptor: { accept: async () => 'accepted' },
    directory: { peek: () => ({ queue: { schema: null }, listeners, filters }) },
    runtime: { now: () => 1_700_000_000_000, newId: () => 'id' },
    schemaChecks: { expectFit: () => undefined },
  } as unknown as Deps
  const message = (index: number) => ({ name: null, key: null, data: JSON.stringify({ shop: index % kinds }) })
  const messages = Array.from({ length: 1_000 }, (_, index) => message(index))
  await acceptMessages(deps, { organizationId: 'o', queueId: 'q', messages })
}

test('a thousand messages to a thousand listeners are accepted where ten want each, and refused where twenty do', async () => {
  await acceptThousand({ kinds: 100, filterChars: 1 })
  await assert.rejects(acceptThousand({ kinds: 50, filterChars: 1 }), {
    code: 'too_many_deliveries',
    message: /1000 messages to 1000 listeners would make 20000 deliveries/,
  })
})

test('what the filters of a batch look through is bounded', async () => {
  await assert.rejects(acceptThousand({ kinds: 100, filterChars: 200 }), (error: Problem) => {
    const [fault] = error.errors ?? []
    assert.match(fault!.path, /^\/messages\/\d+\/data$/)
    assert.match(fault!.message, /100 million for a batch/)
    return true
  })
})
