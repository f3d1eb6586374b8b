// What the store's hot path costs, this checkout against another one:
//   node bench/commit.ts ../other-checkout [rounds] [empty folder]
// Each commit takes in 32 messages of one queue with one listener and settles the 32 of the commit before, as a busy
// server's do. In memory, where no disk hides the difference, or in files of the folder; both stores take turns.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LeasedDelivery } from '../src/core/delivery/delivery.ts'
import { DEFAULT_SETTINGS } from '../src/core/delivery/listener.ts'
import { NO_LIMITS } from '../src/core/tenant/organization.ts'
import type { Accept, Settlement } from '../src/store/commit/batch.ts'
import type { Store } from '../src/store/store.ts'
import { monotonicMicros } from './measure/clock.ts'
import { showSpread, spreadOf } from './measure/spread.ts'

const BATCH = 32
const COMMITS = 250
const START = 1_700_000_000_000
const NODE = 'node'
const PLACE = { organizationId: idOf(1), queueId: idOf(2) }
const LISTENER_ID = idOf(3)
const DATA = JSON.stringify({ text: 'x'.repeat(244) })

function idOf(number: number): string {
  return String(number).padStart(21, '0')
}

class Contender {
  readonly name: string
  readonly #store: Store
  #messages = 10
  #time = START
  #leased: Settlement['delivery'][] = []

  private constructor(name: string, store: Store) {
    this.name = name
    this.#store = store
  }

  static async open(name: string, root: string, folder: string | undefined): Promise<Contender> {
    const module = pathToFileURL(`${root}/src/store-sqlite/database.ts`).href
    const { openSqliteStore } = (await import(module)) as { openSqliteStore(path: string): Promise<Store> }
    const store = await openSqliteStore(folder === undefined ? ':memory:' : join(folder, `${name}.db`))
    const times = { createdAt: START, updatedAt: START }
    const { organizationId, queueId } = PLACE
    const organization = {
      id: organizationId,
      name: 'bench',
      root: false,
      status: 'active' as const,
      limits: NO_LIMITS,
    }
    const key = { id: idOf(4), organizationId, name: null, digest: 'digest', prefix: 'key', status: 'enabled' as const }
    const ownerKey = { ...key, scopes: null, owner: true, lastUsedAt: null, ...times }
    await store.organizations.create({ ...organization, ...times }, ownerKey)
    await store.queues.create({
      id: queueId,
      organizationId,
      name: 'queue',
      version: 1,
      schema: null,
      paused: false,
      ...times,
    })
    const urls = { notifyUrl: 'http://127.0.0.1:9/', livenessUrl: null }
    const what = { id: LISTENER_ID, name: 'listener', secret: 'whsec_', retiredSecrets: [], settings: DEFAULT_SETTINGS }
    await store.listeners.create({ ...PLACE, ...urls, ...what, ...times })
    return new Contender(name, store)
  }

  /** Microseconds that one commit took. */
  async turn(): Promise<number> {
    const accepts = this.#accepts()
    const from = monotonicMicros()
    await this.#commit(accepts)
    return monotonicMicros() - from
  }

  async #commit(accepts: Accept[]): Promise<void> {
    const settlements = this.#leased.map((delivery) => this.#settlement(delivery))
    const batch = { node: NODE, now: this.#time, accepts, settlements, keyUses: [] }
    const result = await this.#store.commit(batch)
    if (result.settlements.some((it) => it !== 'settled')) throw new Error('a settlement was lost')
    this.#leased = result.accepts.map((it, index) => {
      if (it.outcome !== 'accepted') throw new Error('an accept was stale')
      const { message } = accepts[index]!.messages[0]!
      const { sequence, leases } = it.messages[0]!
      const lease: LeasedDelivery['lease'] = leases[0]!
      return {
        listenerId: LISTENER_ID,
        dueAt: message.deliverAt,
        firstSentAt: null,
        attemptsBefore: 0,
        lease,
        sequence,
        message,
      }
    })
  }

  #settlement(delivery: Settlement['delivery']): Settlement {
    const durationMs = 3 + (delivery.sequence % 40)
    const attempt = { number: 1, startedAt: this.#time, durationMs, status: 200, error: null, response: '' }
    return { delivery, attempt, next: { state: 'acknowledged' } }
  }

  #accepts(): Accept[] {
    this.#time += 10
    return Array.from({ length: BATCH }, () => {
      const id = idOf(++this.#messages)
      const rest = { name: null, key: null, data: DATA, expiresAt: null, headers: null, mediaType: null }
      const message = { ...PLACE, id, ...rest, createdAt: this.#time, deliverAt: this.#time }
      const deliveries = [{ listenerId: LISTENER_ID, leased: true }]
      return { queueVersion: 2, messages: [{ message, deliveries }], answer: null }
    })
  }
}

async function main(other: string | undefined, rounds: number, folder: string | undefined): Promise<void> {
  if (other === undefined) throw new Error('which checkout to compare with? node bench/commit.ts ../other-checkout')
  const [before, after] = [await Contender.open('before', other, folder), await Contender.open('after', '.', folder)]
  const played: { before: number; after: number }[] = []
  for (let number = 0; number <= rounds; number++) {
    const round = await playRound(before, after)
    if (number > 0) played.push(round)
  }
  const show = (values: number[], digits: number) => showSpread(spreadOf(values), digits)
  console.log(
    `before: ${show(
      played.map((it) => it.before),
      2,
    )} µs a message`,
  )
  console.log(
    `after:  ${show(
      played.map((it) => it.after),
      2,
    )} µs a message`,
  )
  console.log(
    `ratio:  ${show(
      played.map((it) => it.after / it.before),
      3,
    )}`,
  )
}

/** Commit by commit in turns, so that whatever disturbs the machine for longer than that disturbs both. */
async function playRound(before: Contender, after: Contender): Promise<{ before: number; after: number }> {
  const times = { before: [] as number[], after: [] as number[] }
  for (let turn = 0; turn < COMMITS; turn++) {
    const beforeFirst = turn % 2 === 0
    if (beforeFirst) times.before.push(await before.turn())
    times.after.push(await after.turn())
    if (!beforeFirst) times.before.push(await before.turn())
  }
  return { before: median(times.before) / BATCH, after: median(times.after) / BATCH }
}

function median(values: number[]): number {
  return spreadOf(values).median
}

await main(process.argv[2], Number(process.argv[3] ?? 12), process.argv[4])
