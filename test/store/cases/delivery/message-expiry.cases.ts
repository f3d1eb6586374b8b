import assert from 'node:assert/strict'
import { accepted, claimedOne, idsOf, storedFixture } from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { StoreCase } from '../../suite.ts'

const HEADERS = '{"x-order":"1"}'

export const messageExpiryCases: StoreCase[] = [
  {
    name: 'a message keeps when it expires and what is sent with it, and comes with both wherever it is read',
    async run(given) {
      const { queue } = await storedFixture(given)
      const what = { createdAt: NOW, deliverAt: NOW, expiresAt: NOW + 60_000, headers: HEADERS }
      const { deliveries: _, ...message } = await accepted(given, queue, what)
      await accepted(given, queue, { expiresAt: null, headers: HEADERS, deliverAt: NOW + 1 })
      await accepted(given, queue, { expiresAt: NOW + 60_000, headers: null, deliverAt: NOW + 1 })
      const read = await given.store.messages.get(idsOf(message))
      assert.deepEqual(read?.message, message)
      assert.deepEqual((await claimedOne(given, { listenerId: read.deliveries[0]!.listenerId })).message, message)
    },
  },
]
