// Repeats same-posts.test.ts tens of thousands of times, with other posts in each run.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNetwork } from '../../src/core/network/address.ts'
import { expectSamePosts } from '../support/same-posts.ts'

const trustedProxies = [parseNetwork('127.0.0.0/8')!]
const ROUNDS = 10
const CASES = 3_000

test('posts in front of the routes are answered as by their route', async (t) => {
  for (let round = 0; round < ROUNDS; round++) {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const tally = await expectSamePosts(CASES, seed, { trustedProxies, rateLimit: round % 2 === 0 ? 0 : 4 })
    t.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}`)
    assert.ok(tally.accepted > 0 && tally.refused > 0)
  }
})
