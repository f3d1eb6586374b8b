import { randomOf } from '../plan/random.ts'
import { PULL_LEASE_MS } from '../plan/world.ts'
import type { Arrival } from '../record/record.ts'
import { sleep } from './clock.ts'
import type { Shared } from './lane.ts'
import { tokenOf } from './receivers.ts'

interface Pulled {
  id: string
  data: string
  receipt: string
  attempt: number
}

const PAUSE_MS = 30
const WAIT_MS = 300

/** What becomes of a pulled message, each so many times of a hundred. */
const FATES = { ack: 65, nack: 12, leave: 13, extend: 10 }
/** How long a client goes on with what it extended: the first lease is over then. */
const WORKS_ON_MS = PULL_LEASE_MS * 0.7

/**
 * A client that pulls: acknowledges most, returns some, leaves some to their lease, and works on some for longer than the
 * lease that it was given, which it extends; until it is healed.
 */
export async function runPuller(shared: Shared, lane: number, is: { healed: () => boolean; over: () => boolean }) {
  const random = randomOf(shared.seed, 'puller', lane)
  const { transport, world, nodes, clock, record } = shared
  const listenerId = world.listenerIds.get('puller')!
  const path = `/queues/${world.queueIds.get('pulled')}/listeners/${listenerId}`
  const ask = (verb: string, body: object) =>
    transport(random.between(0, nodes - 1), { method: 'POST', path: `${path}/${verb}`, body })

  async function end(verb: 'ack' | 'nack', taken: readonly { arrival: Arrival; receipt: string }[]): Promise<void> {
    if (taken.length === 0) return
    const { verdict, body } = await ask(verb, { receipts: taken.map(({ receipt }) => receipt) })
    const lost = new Set<string>(body?.lost ?? [])
    for (const { arrival, receipt } of taken) {
      arrival.endedAt = clock()
      if (verb === 'nack') arrival.leasedUntil = 0
      if (verb === 'nack' || lost.has(receipt) || verdict === 'refused') continue
      arrival.outcome = verdict === 'accepted' ? 'acknowledged' : 'unknown'
    }
  }

  /** Half of the lease passes first, so that what is worked on goes on for longer than it. */
  async function extend(taken: readonly { arrival: Arrival; receipt: string }[]): Promise<void> {
    if (taken.length === 0) return
    await sleep(WORKS_ON_MS)
    const askedAt = clock()
    const { verdict, body } = await ask('extend', {
      receipts: taken.map(({ receipt }) => receipt),
      lease: PULL_LEASE_MS,
    })
    const lost = new Set<string>(body?.lost ?? [])
    for (const { arrival, receipt } of taken) {
      if (verdict === 'accepted' && !lost.has(receipt)) arrival.leasedUntil = askedAt + PULL_LEASE_MS
    }
    await sleep(WORKS_ON_MS)
    await end('ack', taken)
  }

  while (!is.over()) {
    const askedAt = clock()
    const { status, body } = await ask('pull', { max: random.between(1, 30), wait: WAIT_MS, lease: PULL_LEASE_MS })
    if (status !== 200) {
      await sleep(PAUSE_MS)
      continue
    }
    const at = clock()
    const taken = (body.messages as Pulled[]).map(({ id, data, receipt, attempt }) => {
      const outcome = { endedAt: Number.POSITIVE_INFINITY, outcome: 'failed' as const, sequence: null, schedule: null }
      // The lease began after the pull was asked for.
      const leasedUntil = askedAt + PULL_LEASE_MS
      const arrival: Arrival = { listenerId, messageId: id, token: tokenOf(data), attempt, at, leasedUntil, ...outcome }
      record.arrivals.push(arrival)
      return { arrival, receipt, fate: is.healed() ? 'ack' : random.weighted(FATES) }
    })
    const fated = (which: string) => taken.filter(({ fate }) => fate === which)
    await end('nack', fated('nack'))
    await end('ack', fated('ack'))
    await extend(fated('extend'))
  }
}
