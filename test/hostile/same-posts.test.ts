import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNetwork } from '../../src/core/network/address.ts'
import { expectSamePosts } from '../support/same-posts.ts'

const trustedProxies = [parseNetwork('127.0.0.0/8')!]

for (const [what, options, seed] of [
  ['without limits', {}, 1],
  ['behind a proxy that is trusted', { trustedProxies }, 2],
  ['with a limit of requests', { rateLimit: 3, trustedProxies }, 3],
] as const) {
  test(`posts in front of the routes are answered as by their route, ${what}`, async (t) => {
    const { accepted, refused } = await expectSamePosts(800, seed, options)
    t.diagnostic(`${accepted} accepted, ${refused} refused`)
    assert.ok(accepted > 80 && refused > 80, `${accepted} accepted, ${refused} refused`)
  })
}
