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

/** A client that pulls: acknowledges most, returns some, and leaves some to their lease, until it is healed. */
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
      if (verb === 'nack' || lost.has(receipt) || verdict === 'refused') continue
      arrival.outcome = verdict === 'accepted' ? 'acknowledged' : 'unknown'
    }
  }

  while (!is.over()) {
    const { status, body } = await ask('pull', { max: random.between(1, 30), wait: WAIT_MS, lease: PULL_LEASE_MS })
    if (status !== 200) {
      await sleep(PAUSE_MS)
      continue
    }
    const at = clock()
    const taken = (body.messages as Pulled[]).map(({ id, data, receipt, attempt }) => {
      const outcome = { endedAt: Number.POSITIVE_INFINITY, outcome: 'failed' as const, sequence: null }
      const arrival: Arrival = { listenerId, messageId: id, token: tokenOf(data), attempt, at, ...outcome }
      record.arrivals.push(arrival)
      return { arrival, receipt, fate: is.healed() ? 'ack' : random.weighted({ ack: 75, nack: 12, leave: 13 }) }
    })
    await end(
      'nack',
      taken.filter(({ fate }) => fate === 'nack'),
    )
    await end(
      'ack',
      taken.filter(({ fate }) => fate === 'ack'),
    )
  }
}
