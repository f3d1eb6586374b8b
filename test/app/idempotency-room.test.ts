import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdempotency, type Turn } from '../../src/app/idempotency.ts'
import { Problem } from '../../src/core/problem.ts'
import { NOW } from '../store/make.ts'
import { createManualRuntime } from '../support/manual-runtime.ts'
import { openMemoryStore } from '../support/memory-store.ts'

const DAY_MS = 86_400_000

async function open(most: number) {
  const store = await openMemoryStore()
  const runtime = createManualRuntime(NOW)
  const idempotency = createIdempotency({ store, runtime }, most)
  let keys = 0
  return {
    store,
    runtime,
    /** A first request, or the repetition of one, of which the answer is stored; answers with `Retry-After` where it is refused. */
    async request(organizationId: string, key = `key-${++keys}`): Promise<'taken' | 'repeated' | string> {
      try {
        const begun = await idempotency.begin({ organizationId, target: 'POST /queues', key, digest: 'd' })
        if ('body' in begun) return 'repeated'
        const turn: Turn = begun
        await turn.keep(turn.answer(200, '{}'))
        turn.end()
        return 'taken'
      } catch (error) {
        assert.ok(error instanceof Problem && error.code === 'too_many_keyed', String(error))
        assert.match(error.message, /answers stored/)
        return error.headers['retry-after']!
      }
    },
    async requests(count: number, organizationId: string) {
      const all: string[] = []
      for (let n = 0; n < count; n++) all.push(await this.request(organizationId))
      return all
    },
  }
}

test("an organization has no more than its number of stored answers, and nothing of it is another's", async () => {
  const it = await open(20)
  assert.equal(await it.request('greedy', 'first'), 'taken')
  const outcomes = await it.requests(40, 'greedy')
  assert.deepEqual(outcomes, [...Array(19).fill('taken'), ...Array(21).fill('300')])
  assert.deepEqual(await it.requests(5, 'other'), Array(5).fill('taken'))
  assert.equal(await it.request('greedy', 'first'), 'repeated')
  const { count } = await it.store.answers.count({ organizationId: 'greedy', after: null, limit: 100 })
  assert.equal(count, 20)
})

test('room that expired answers leave is found again', async () => {
  const it = await open(20)
  await it.requests(30, 'greedy')
  await it.runtime.advance(DAY_MS)
  assert.equal(await it.store.answers.removeExpired({ now: it.runtime.now(), limit: 100 }), 20)
  // This one has it counted anew.
  assert.equal(await it.request('greedy'), 'taken')
  await it.runtime.rest()
  assert.equal(await it.request('greedy'), 'taken')
})

test('what was stored before the server was started counts', async () => {
  const it = await open(20)
  await it.requests(20, 'greedy')
  const again = createIdempotency({ store: it.store, runtime: it.runtime }, 20)
  const begin = (key: string) => again.begin({ organizationId: 'greedy', target: 'POST /queues', key, digest: 'd' })
  await begin('has it counted')
  await it.runtime.rest()
  await assert.rejects(begin('after that'), (error) => error instanceof Problem && error.code === 'too_many_keyed')
})
