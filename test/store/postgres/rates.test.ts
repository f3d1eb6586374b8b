import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSharedRateLimiter } from '../../../src/app/limits/shared-rate-limiter.ts'
import { SharedTokens } from '../../../src/engine/push/shared-tokens.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

const database = await testDatabase()
const runtime = createRuntime(silentLog)
const stores = [await database.open(runtime), await database.open(runtime), await database.open(runtime)]
after(() => Promise.all(stores.map((store) => store.close())))
const rates = stores.map((store) => store.rates!)

/** A minute begins with those of the clock: one that is about to end is let pass. */
async function freshMinute(): Promise<void> {
  const leftMs = 60_000 - (Date.now() % 60_000)
  if (leftMs < 5_000) await sleep(leftMs + 50)
}

test('nodes that share a limit of requests grant never more than it, and at least nine tenths of it', async () => {
  await freshMinute()
  for (const limit of [1, 7, 100, 1_000]) {
    const nodes = rates.map((it) => createSharedRateLimiter({ rates: it, now: runtime.now, fallback: limit }))
    const asked = Array.from({ length: limit * 4 }, (_, i) => nodes[i % nodes.length]!.take(`o${limit}`, null))
    const answers = await Promise.all(asked)
    const granted = answers.filter((rate) => !rate!.exceeded).length
    assert.ok(granted <= limit, `${granted} of ${limit}`)
    assert.ok(granted >= limit * 0.9, `only ${granted} of ${limit}`)
    assert.ok(answers.every((rate) => rate!.limit === limit && rate!.resetAt > runtime.now()))
    assert.equal((await nodes[0]!.take(`o${limit}`, null))?.exceeded, true)
  }
})

test('an organization has its own limit, and none where there is none', async () => {
  const limiter = createSharedRateLimiter({ rates: rates[0]!, now: runtime.now, fallback: 0 })
  assert.equal(limiter.take('a', null), null)
  assert.equal((await limiter.take('a', 1))?.exceeded, false)
  assert.equal((await limiter.take('a', 1))?.exceeded, true)
  assert.equal((await limiter.take('b', 1))?.exceeded, false)
})

test('the tokens of a listener that nodes share come no faster than its rate, and keep coming', async () => {
  const limit = { requests: 200, perMs: 1_000 }
  const nodes = rates.map((it) => new SharedTokens({ rates: it, runtime }, 'l', limit))
  const startedAt = performance.now()
  let taken = 0
  for (let elapsed = 0; elapsed < 3_000; elapsed = performance.now() - startedAt) {
    for (const tokens of nodes)
      if (tokens.nextAt(runtime.now()) <= runtime.now() && tokens.take(runtime.now())) taken += 1
    await sleep(1)
  }
  const rate = taken / ((performance.now() - startedAt) / 1_000)
  assert.ok(rate <= limit.requests * 1.1, `${rate} a second`)
  // How close it comes depends on what else this machine does.
  assert.ok(taken > limit.requests * 0.1, `only ${taken} in all`)
})
