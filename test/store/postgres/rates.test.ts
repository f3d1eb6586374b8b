import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSharedRateLimiter } from '../../../src/app/limits/shared-rate-limiter.ts'
import { SharedTokens } from '../../../src/engine/push/shared-tokens.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { waitFor } from '../../support/wait-for.ts'

const database = await testDatabase()
const runtime = createRuntime(silentLog)
const stores = [await database.open(runtime), await database.open(runtime), await database.open(runtime)]
const rates = stores.map((store) => store.rates!)

/** Runs until it has begun and ended within one minute of the clock, which is what limits of requests are counted in. */
async function withinOneMinute<Result>(run: (round: number) => Promise<Result>): Promise<Result> {
  for (let round = 0; ; round++) {
    const minute = Math.floor(Date.now() / 60_000)
    const result = await run(round)
    if (Math.floor(Date.now() / 60_000) === minute) return result
  }
}

test('nodes that share a limit of requests grant never more than it, and at least nine tenths of it', async () => {
  for (const limit of [1, 7, 100, 1_000]) {
    const nodes = rates.map((it) => createSharedRateLimiter({ rates: it, now: runtime.now, fallback: limit }))
    const { answers, next } = await withinOneMinute(async (round) => {
      const id = `o${limit}-${round}`
      const asked = Array.from({ length: limit * 4 }, (_, i) => nodes[i % nodes.length]!.take(id, null))
      return { answers: await Promise.all(asked), next: await nodes[0]!.take(id, null) }
    })
    const granted = answers.filter((rate) => !rate!.exceeded).length
    assert.ok(granted <= limit, `${granted} of ${limit}`)
    assert.ok(granted >= limit * 0.9, `only ${granted} of ${limit}`)
    assert.ok(answers.every((rate) => rate!.limit === limit))
    assert.equal(next?.exceeded, true)
    // A minute that ends right then is over by the time of this look.
    assert.ok(next.resetAt > runtime.now() - 60_000 && next.resetAt <= runtime.now() + 60_000)
  }
})

test('an organization has its own limit, and none where there is none', async () => {
  const limiter = createSharedRateLimiter({ rates: rates[0]!, now: runtime.now, fallback: 0 })
  assert.equal(limiter.take('a-0', null), null)
  const exceeded = await withinOneMinute(async (round) => {
    const taken = [await limiter.take(`a-${round}`, 1), await limiter.take(`a-${round}`, 1)]
    return [...taken, await limiter.take(`b-${round}`, 1)].map((rate) => rate?.exceeded)
  })
  assert.deepEqual(exceeded, [false, true, false])
})

test('the tokens of a listener that nodes share come no faster than its rate, and keep coming', async () => {
  const limit = { requests: 200, perMs: 1_000 }
  const nodes = rates.map((it) => new SharedTokens({ rates: it, runtime }, 'l', limit))
  const startedAt = performance.now()
  let taken = 0
  const takeAll = () => {
    for (const tokens of nodes)
      if (tokens.nextAt(runtime.now()) <= runtime.now() && tokens.take(runtime.now())) taken += 1
    return taken
  }
  // Two seconds' worth: how long they take depends on what else this machine does.
  await waitFor('tokens', takeAll, limit.requests * 2, { everyMs: 1 })
  const seconds = (performance.now() - startedAt) / 1_000
  // Beside the rate itself, what the bucket holds for a burst and what each node was granted ahead.
  assert.ok(taken <= limit.requests * (seconds + 0.1) * 1.1, `${taken} in ${seconds} s`)
})
