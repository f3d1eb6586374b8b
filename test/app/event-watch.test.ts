import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventWatch } from '../../src/app/streams/event-watch.ts'
import { Problem } from '../../src/core/problem.ts'
import type { Principal } from '../../src/core/tenant/api-key.ts'
import { OWNER_KEY, sharedApi } from '../support/server/api.ts'

const api = await sharedApi()
const rights = {
  apiKeyId: 'key',
  owner: true,
  root: false,
  ofRootOrganization: false,
  scopes: null,
  frozen: false,
  requestsPerMinute: null,
}
const sink = { write: () => true, end: () => undefined }

/** Joins until it is refused. */
async function fill(watch: ReturnType<typeof createEventWatch>, organizationId: string) {
  const principal: Principal = { ...rights, organizationId }
  const members: { leave(): void }[] = []
  for (;;) {
    try {
      members.push(await watch.join({ principal, keyText: OWNER_KEY, lastId: null, sink }))
    } catch (error) {
      assert.ok(error instanceof Problem)
      return { members, refusal: error }
    }
  }
}

test('of the streams of events there is one left for the next organization, however many others take all they get', async (t) => {
  const watch = createEventWatch(api.deps, () => '')
  t.after(() => watch.close())
  const taken: number[] = []
  for (let n = 0; n < 8; n++) {
    const { members, refusal } = await fill(watch, `greedy-${n}`)
    taken.push(members.length)
    assert.equal(refusal.code, 'too_many_event_streams')
    assert.equal(refusal.headers['retry-after'], '1')
    const count = members.length.toLocaleString('en-US')
    assert.ok(refusal.detail.includes(`the organization has ${count} of the 5,000 streams of events`), refusal.detail)
  }
  assert.deepEqual(taken.slice(0, 3), [2_000, 1_200, 720])
  assert.ok(taken.at(-1)! > 10, String(taken))
})

test('a stream that ends, however often it says so, leaves one place', async (t) => {
  const watch = createEventWatch(api.deps, () => '')
  t.after(() => watch.close())
  const { members } = await fill(watch, 'one')
  members[0]!.leave()
  members[0]!.leave()
  const again = await fill(watch, 'one')
  assert.equal(again.members.length, 1)
  for (const member of [...members, ...again.members]) member.leave()
  assert.equal((await fill(watch, 'one')).members.length, 2_000)
})
