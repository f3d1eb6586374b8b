import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRateLimiter } from '../../src/app/limits/rate-limiter.ts'

const START = 1_700_000_000_000

function given(fallback = 0) {
  const clock = { now: START }
  const limiter = createRateLimiter({ now: () => clock.now, fallback })
  const take = (organization: string, own: number | null = null) => {
    const rate = limiter.take(organization, own)
    return rate && { remaining: rate.remaining, exceeded: rate.exceeded, resetIn: rate.resetAt - clock.now }
  }
  return { clock, limiter, take }
}

test('an organization without any limit is not counted', () => {
  assert.equal(given().take('a'), null)
})

test('requests up to the limit pass, the next is too many, and a minute after the first it begins anew', () => {
  const { clock, take } = given()
  assert.deepEqual(take('a', 2), { remaining: 1, exceeded: false, resetIn: 60_000 })
  clock.now += 1_000
  assert.deepEqual(take('a', 2), { remaining: 0, exceeded: false, resetIn: 59_000 })
  assert.deepEqual(take('a', 2), { remaining: 0, exceeded: true, resetIn: 59_000 })
  clock.now += 58_999
  assert.equal(take('a', 2)?.exceeded, true)
  clock.now += 1
  assert.deepEqual(take('a', 2), { remaining: 1, exceeded: false, resetIn: 60_000 })
})

test("the server's limit is for those that have none of their own", () => {
  const { limiter } = given(5)
  assert.equal(limiter.take('a', null)?.limit, 5)
  assert.equal(limiter.take('b', 7)?.limit, 7)
})

test('one organization does not use up the requests of another', () => {
  const { take } = given(1)
  take('a')
  assert.equal(take('a')?.exceeded, true)
  assert.equal(take('b')?.exceeded, false)
})

test('a limit that changes counts at once, with what was used already', () => {
  const { take } = given()
  for (let i = 0; i < 3; i++) take('a', 5)
  assert.deepEqual(take('a', 2), { remaining: 0, exceeded: true, resetIn: 60_000 })
  assert.deepEqual(take('a', 5), { remaining: 1, exceeded: false, resetIn: 60_000 })
})

test('a clock that is put back begins a new minute', () => {
  const { clock, take } = given(1)
  take('a')
  clock.now -= 3_600_000
  assert.deepEqual(take('a'), { remaining: 0, exceeded: false, resetIn: 60_000 })
})

test('more organizations than it remembers: the oldest begins anew, and nobody gets fewer', () => {
  const { take } = given(1)
  take('first')
  take('second')
  for (let i = 0; i < 99_999; i++) take(`other-${i}`)
  assert.equal(take('second')?.exceeded, true)
  assert.equal(take('first')?.exceeded, false)
})
