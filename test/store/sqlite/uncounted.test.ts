// Counts follow from the segments of events, which were written before: a disk without room for counts stops no start.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepted, storedFixture } from '../fixture.ts'
import type { Given } from '../suite.ts'
import { withFile, withFullDisk } from './rowless-fixture.ts'

const COUNTS = /into (stats|notes)/

async function countedMessages({ store, now }: Given, organizationId: string): Promise<number> {
  const found = await store.stats.ofOrganization({ organizationId, from: now - 60_000, until: now + 60_000 })
  return found.reduce((sum, { counts }) => sum + counts.message_added, 0)
}

test('a store opens on a full disk, and counts what was not counted before once there is room', async () => {
  await withFile(async (given, { afterCrash }) => {
    const { queue } = await storedFixture(given)
    await accepted(given, queue)
    await accepted(given, queue)
    await withFullDisk(async (disk) => {
      disk.full = true
      await afterCrash(async (later) => {
        await assert.rejects(countedMessages(later, queue.organizationId), /database or disk is full/)
        disk.full = false
        assert.equal(await countedMessages(later, queue.organizationId), 2)
        assert.equal(await countedMessages(later, queue.organizationId), 2, 'and each once')
      })
    }, COUNTS)
  })
})

test('what an earlier process left is counted with the first commits that are', async () => {
  await withFile(async (given, { afterCrash }) => {
    const { queue } = await storedFixture(given)
    await accepted(given, queue)
    await withFullDisk(async (disk) => {
      disk.full = true
      await afterCrash(async (later) => {
        disk.full = false
        await accepted(later, queue)
        later.now += 2_000
        // Counts what waits, and itself.
        await accepted(later, queue)
        assert.equal(await countedMessages(later, queue.organizationId), 3)
      })
    }, COUNTS)
  })
})
