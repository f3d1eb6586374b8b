// A listener that keeps the order of very many keys: what a message costs, how long a claim takes, and what memory:
//   node bench/load/keys.ts [keys] [empty folder]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LeasedDelivery } from '../../src/core/delivery/delivery.ts'
import type { Store } from '../../src/store/store.ts'
import { openSqliteStore } from '../../src/store-sqlite/database.ts'
import { monotonicMicros } from '../measure/clock.ts'
import { emptyFixture, type FixtureIds } from './store-fixture.ts'

const AT_ONCE = 500
const MESSAGES_A_KEY = 2
const NODE = 'bench'
const NOTHING = { node: NODE, accepts: [], settlements: [], keyUses: [] }

async function main(keys: number, folder: string): Promise<void> {
  const store = await openSqliteStore(join(folder, 'keys.db'))
  const fixture = await emptyFixture(store)
  for (let round = 0; round < MESSAGES_A_KEY; round++) {
    await timed(`message ${round + 1} of each key accepted`, keys, async () => {
      for (let first = 0; first < keys; first += AT_ONCE)
        await add(store, fixture, first, Math.min(AT_ONCE, keys - first))
    })
  }
  console.log(`resident memory ${Math.round(process.memoryUsage.rss() / 1024 / 1024)} MiB`)
  const sent = Math.min(keys, 20_000)
  await timed('claimed, acknowledged, and the next of the key let through', sent, async () => {
    for (let done = 0; done < sent; done += AT_ONCE) await carry(store, fixture)
  })
  await store.close()
}

async function add(store: Store, { place, listenerId, queueVersion, newId }: FixtureIds, first: number, count: number) {
  const now = Date.now()
  const messages = Array.from({ length: count }, (_, index) => ({
    message: {
      ...place,
      id: newId(),
      name: null,
      key: `key-${first + index}`,
      data: 'x',
      createdAt: now,
      deliverAt: now,
      expiresAt: null,
      headers: null,
      mediaType: null,
    },
    deliveries: [{ listenerId, leased: false, ordering: 'key' as const }],
  }))
  await store.commit({ ...NOTHING, now, accepts: [{ queueVersion, messages, answer: null }] })
}

async function carry(store: Store, { listenerId }: FixtureIds): Promise<void> {
  const now = Date.now()
  const { deliveries } = await store.deliveries.claimDue({ node: NODE, listenerId, limit: AT_ONCE, maxBytes: 1e9, now })
  const settlements = deliveries.map((delivery: LeasedDelivery) => ({
    delivery: { ...delivery, sequence: delivery.message.sequence },
    attempt: { number: 1, startedAt: now, durationMs: 1, status: 200, error: null, response: '' },
    next: { state: 'acknowledged' as const },
  }))
  await store.commit({ ...NOTHING, now, settlements })
}

async function timed(what: string, count: number, work: () => Promise<void>): Promise<void> {
  const from = monotonicMicros()
  await work()
  console.log(`${what}: ${((monotonicMicros() - from) / count).toFixed(1)} µs each`)
}

const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), 'discue-keys-'))
await main(Number(process.argv[2] ?? 1_000_000), folder)
if (process.argv[3] === undefined) rmSync(folder, { recursive: true })
