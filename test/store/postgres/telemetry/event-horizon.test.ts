import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import pg from 'pg'
import { listEvents } from '../../../../src/app/events.ts'
import { EVENT_CATEGORIES, type UsageEvent } from '../../../../src/core/telemetry/event.ts'
import { type EventPosition, positionOfEvent } from '../../../../src/core/telemetry/event-id.ts'
import type { Principal } from '../../../../src/core/tenant/api-key.ts'
import type { Organization } from '../../../../src/core/tenant/organization.ts'
import { createRuntime } from '../../../../src/runtime.ts'
import type { Store } from '../../../../src/store/store.ts'
import { testDatabase } from '../../../support/postgres/postgres.ts'
import { silentLog } from '../../../support/silent-log.ts'
import { rounds } from '../../../support/thorough.ts'
import { createMake } from '../../make.ts'

const database = await testDatabase()
const runtime = createRuntime(silentLog)
const nodes = await Promise.all(Array.from({ length: 4 }, () => database.open(runtime)))
const make = createMake()
const [reader, ...writers] = nodes as [Store, ...Store[]]

async function storedOrganization(): Promise<Organization> {
  const organization = make.organization()
  assert.equal(await reader.organizations.create(organization, make.ownerKey(organization)), 'created')
  return organization
}

/** A transaction that has the number of its segment, and takes its time to commit. */
async function slowCommit({ organizationId, id }: { organizationId: string; id: string }) {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('begin')
  await client.query(
    `insert into discue.event_segments (organization_id, category, stored_at, segment, events, entries)
     values ($1, 'queues', $2, nextval('discue.event_segment'), 1, $3)`,
    [organizationId, runtime.now(), `+${id}slow\n`],
  )
  return async (how: 'commit' | 'rollback') => {
    await client.query(how)
    await client.end()
  }
}

/** Asks as a client does that polls with the last entry it has. */
class Poller {
  readonly seen: UsageEvent[] = []
  readonly #organizationId: string
  readonly #limit: number
  #after: EventPosition = { storedAt: 0, segment: 0, index: 0 }

  constructor({ id }: Organization, limit: number) {
    this.#organizationId = id
    this.#limit = limit
  }

  /** Whether anything was new. */
  async poll(): Promise<boolean> {
    const { entries, next } = await listEvents(
      { store: reader, runtime, eventRetentionMs: 86_400_000 },
      {
        principal: { organizationId: this.#organizationId, scopes: null, owner: true } as Principal,
        ...{ categories: EVENT_CATEGORIES, order: 'oldest', after: this.#after },
        ...{ offset: 0, limit: this.#limit, byPage: false },
      },
    )
    this.seen.push(...entries)
    if (entries.length > 0) this.#after = positionOfEvent(entries.at(-1)!.id)!
    return entries.length > 0 || next !== null
  }
}

const subjectsOf = (events: readonly UsageEvent[]) => events.map(({ subject }) => subject.id)

test('what a commit under way could still come before is told once that has ended, and then in order', async () => {
  const organization = await storedOrganization()
  for (const how of ['commit', 'rollback'] as const) {
    const poller = new Poller(organization, 100)
    while (await poller.poll());
    const before = poller.seen.length
    const slow = make.queue(organization)
    const end = await slowCommit({ organizationId: organization.id, id: slow.id })
    const quick = make.queue(organization, { createdAt: runtime.now() })
    assert.equal(await writers[0]!.queues.create(quick), 'created')
    await poller.poll()
    assert.deepEqual(subjectsOf(poller.seen.slice(before)), [])
    await end(how)
    while (await poller.poll());
    assert.deepEqual(subjectsOf(poller.seen.slice(before)), how === 'commit' ? [slow.id, quick.id] : [quick.id])
  }
})

test('a commit that takes long keeps back what comes after it, and nothing before', async () => {
  const organization = await storedOrganization()
  const poller = new Poller(organization, 100)
  const first = make.queue(organization, { createdAt: runtime.now() })
  assert.equal(await writers[0]!.queues.create(first), 'created')
  // A node that begins to look only now would not know what came before: this one has looked.
  await reader.events.horizon()
  const end = await slowCommit({ organizationId: organization.id, id: make.queue(organization).id })
  while (await poller.poll());
  assert.deepEqual(subjectsOf(poller.seen), [first.id])
  await end('rollback')
})

const burst = fc.record({
  node: fc.nat(writers.length - 1),
  queues: fc.integer({ min: 1, max: 4 }),
  /** How far the node's clock is from that of the others. */
  skewMs: fc.integer({ min: -2_000, max: 2_000 }),
  slowMs: fc.option(fc.nat(15)),
})

test('who follows while several nodes write misses nothing, and gets nothing twice', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(burst, { minLength: 4, maxLength: 16 }),
      fc.integer({ min: 1, max: 9 }),
      async (bursts, limit) => {
        const organization = await storedOrganization()
        const poller = new Poller(organization, limit)
        const written: string[] = []
        let writing = true
        const following = (async () => {
          while (writing) await poller.poll()
        })()
        await Promise.all(
          bursts.map(async ({ node, queues, skewMs, slowMs }) => {
            if (slowMs !== null) {
              const { id } = make.queue(organization)
              const end = await slowCommit({ organizationId: organization.id, id })
              await sleep(slowMs)
              await end('commit')
              written.push(id)
            }
            for (let i = 0; i < queues; i++) {
              const queue = make.queue(organization, { createdAt: runtime.now() + skewMs })
              assert.equal(await writers[node]!.queues.create(queue), 'created')
              written.push(queue.id)
            }
          }),
        )
        writing = false
        await following
        while (await poller.poll());
        assert.deepEqual(subjectsOf(poller.seen).sort(), written.sort())
        const segments = poller.seen.map(({ id }) => positionOfEvent(id)!.segment)
        assert.deepEqual(
          segments,
          segments.toSorted((a, b) => a - b),
        )
      },
    ),
    { seed: 48, numRuns: rounds({ quick: 8, long: 60 }) },
  ))
