import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStats } from '../../src/app/stats.ts'

test('figures of what cannot be an id are none, without a question to the store', async () => {
  const asked: unknown[] = []
  const ask = async (it: unknown) => {
    asked.push(it)
    return []
  }
  const store = { stats: { ofParts: ask, ofOrganization: ask }, queues: { list: ask }, listeners: { list: ask } }
  const deps = { store, runtime: { now: () => 1_700_000_000_000 } } as unknown as Parameters<typeof readStats>[0]
  const principal = { apiKeyId: 'k', organizationId: 'o', root: false, owner: true, scopes: null }
  const who = { ...principal, frozen: false, ofRootOrganization: false, requestsPerMinute: null }
  for (const text of ['\u0000', 'x', `${'0'.repeat(20)}\u0000`]) {
    const { windows } = await readStats(deps, { principal: who, series: true, of: text })
    assert.equal(windows.last_24_hours.message_added, 0)
    assert.equal(JSON.stringify(asked).includes('\\u0000'), false)
  }
})
