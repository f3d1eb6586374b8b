// What asking for the ledger costs with many retained messages, and what it costs clients that write meanwhile:
//   node bench/measure/ledger.ts [messages] [empty folder]
// One queue with one listener; every message but the newest hundred thousand is delivered. The first question counts
// everything, the second what has changed since, while commits of 32 messages go on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settlement } from '../../src/store/commit/batch.ts'
import type { Store } from '../../src/store/store.ts'
import { openThreadedSqliteStore } from '../../src/store-sqlite/thread/threaded.ts'
import { emptyFixture, type FixtureIds } from '../load/store-fixture.ts'
import { monotonicMicros } from './clock.ts'

const AT_ONCE = 1_000
const WAITING = 100_000
const SMALL = 32
const NODE = 'bench'
const DATA = 'x'.repeat(256)

async function main(messages: number, folder: string): Promise<void> {
  const store = await openThreadedSqliteStore(join(folder, 'ledger.db'))
  const fixture = await emptyFixture(store)
  const filledFrom = monotonicMicros()
  for (let done = 0; done < messages; done += AT_ONCE) {
    await add(store, fixture, Math.min(AT_ONCE, messages - done), done < messages - WAITING)
  }
  say(`${messages} messages stored`, filledFrom)
  const quiet = await commits(store, fixture, () => false, 200)
  for (const what of ['the first question', 'the second', 'the third']) {
    const from = monotonicMicros()
    let answered = false
    const question = ask(store, fixture).then((accepted) => {
      answered = true
      say(`${what}: ${accepted} accepted`, from)
    })
    const busy = await commits(store, fixture, () => !answered, 0)
    await question
    console.log(`  commits of ${SMALL} meanwhile: ${busy.count}, p50 ${busy.p50} ms, p99 ${busy.p99} ms`)
  }
  console.log(`commits of ${SMALL} with no question: ${quiet.count}, p50 ${quiet.p50} ms, p99 ${quiet.p99} ms`)
  await store.close()
}

async function ask(store: Store, { organizationId }: FixtureIds): Promise<number> {
  const ledger = await store.ledger.read({ organizationId, only: null, since: null, until: null, now: Date.now() })
  if (ledger.unaccounted.length > 0) throw new Error('the ledger does not balance')
  return ledger.queues[0]!.listeners[0]!.tally.accepted
}

async function add(store: Store, fixture: FixtureIds, count: number, delivered: boolean): Promise<void> {
  const now = Date.now()
  const { listenerId, queueVersion, place, newId } = fixture
  const messages = Array.from({ length: count }, () => ({
    message: {
      ...{ ...place, id: newId(), name: null, key: null, data: DATA, createdAt: now, deliverAt: now },
      ...{ expiresAt: null, headers: null, mediaType: null },
    },
    deliveries: [{ listenerId, leased: delivered }],
  }))
  const batch = { node: NODE, now, accepts: [], settlements: [], keyUses: [] }
  const accepts = [{ queueVersion, messages, answer: null }]
  const result = (await store.commit({ ...batch, accepts })).accepts[0]!
  if (result.outcome !== 'accepted') throw new Error(`not accepted: ${result.outcome}`)
  if (!delivered) return
  const settlements = result.messages.map(({ sequence, leases }): Settlement => {
    const delivery = { listenerId, dueAt: now, firstSentAt: null, lease: leases[0]!, sequence, attemptsBefore: 0 }
    const attempt = { number: 1, startedAt: now, durationMs: 3, status: 200, error: null, response: '' }
    return { delivery, attempt, next: { state: 'acknowledged' } }
  })
  await store.commit({ ...batch, settlements })
}

/** Writes on and on, while it should or so many times, and tells how long each took. */
async function commits(store: Store, fixture: FixtureIds, goOn: () => boolean, atLeast: number) {
  const times: number[] = []
  while (goOn() || times.length < atLeast) {
    const from = monotonicMicros()
    await add(store, fixture, SMALL, false)
    times.push((monotonicMicros() - from) / 1_000)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor((times.length - 1) * share)]?.toFixed(1) ?? '-'
  return { count: times.length, p50: at(0.5), p99: at(0.99) }
}

function say(what: string, from: number): void {
  console.log(`${what}, ${((monotonicMicros() - from) / 1_000_000).toFixed(2)} s`)
}

const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), 'discue-ledger-'))
await main(Number(process.argv[2] ?? 1_000_000), folder)
if (process.argv[3] === undefined) rmSync(folder, { recursive: true })
