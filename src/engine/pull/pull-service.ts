import type { Puller, PullRequest } from '../../app/deps.ts'
import type { Listener } from '../../core/delivery/listener.ts'
import type { Receipt } from '../../core/delivery/pull.ts'
import { Problem } from '../../core/problem.ts'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { full } from '../../core/sharing/full.ts'
import type { Runtime } from '../../runtime.ts'
import type { SettleResult } from '../../store/commit/batch.ts'
import type { LeaseSettlement, Pulled, PulledDelivery } from '../../store/pulls.ts'
import type { Committer } from '../commit/committer.ts'
import type { LeaseExpirer } from './lease-expirer.ts'
import { LongPollWaiters } from './long-poll-waiters.ts'
import type { PullCollector } from './pull-collector.ts'

/** Requests that are held open, each a socket and some memory; one organization alone gets a fifth of them. */
const MAX_WAITING = 10_000
const TIMES = 4
const POLLS = { code: 'too_many_polls', what: 'waiting pulls' } as const

/** Where listeners come for their messages. */
export interface PullService extends Puller {
  /** Something of this listener is due at this time, or may be. */
  due(listenerId: string, dueAt: number): void
  /** Pulls that wait for this listener may wait in vain: it was deleted, or is no pull listener any more. */
  changed(listenerId: string): void
  /** Answers every pull that waits with what there is: nothing. From now on no pull is served. */
  stop(): void
}

export function createPullService(deps: {
  collector: PullCollector
  committer: Pick<Committer, 'settleLease'>
  expirer: LeaseExpirer
  runtime: Runtime
}): PullService {
  const { collector, committer, expirer, runtime } = deps
  const waitersByListener = new Map<string, LongPollWaiters>()
  const places = new FairPlaces(MAX_WAITING, { times: TIMES })
  let stopped = false

  function enter(listener: Listener): LongPollWaiters {
    if (!places.take(listener.organizationId)) throw full(places, listener.organizationId, POLLS)
    const waiters = waitersByListener.get(listener.id) ?? new LongPollWaiters(runtime)
    waitersByListener.set(listener.id, waiters)
    waiters.waiters += 1
    return waiters
  }

  function leave(listener: Listener, waiters: LongPollWaiters): void {
    places.give(listener.organizationId)
    waiters.waiters -= 1
    if (waiters.waiters > 0) return
    waiters.close()
    waitersByListener.delete(listener.id)
  }

  async function ask(request: PullRequest): Promise<Extract<Pulled, { outcome: 'pulled' }> | null> {
    const { listener, max, leaseMs, client, room } = request
    const { id: listenerId, organizationId } = listener
    if (client?.aborted) return null
    const pulled = await collector.pull({ organizationId, ask: { listenerId, limit: max, leaseMs }, room })
    if (pulled.outcome === 'gone') throw new Problem('listener_not_found')
    if (pulled.deliveries.length > 0) expirer.expectAt(pulled.deliveries[0]!.leaseUntil)
    if (!client?.aborted) return pulled
    await handBack(listener, pulled.deliveries)
    return null
  }

  function write(organizationId: string, settlement: LeaseSettlement): Promise<SettleResult> {
    return new Promise((resolve, reject) => committer.settleLease(organizationId, settlement, resolve, reject))
  }

  /** Hands leases back whose client has hung up before it got them. */
  async function handBack(listener: Listener, deliveries: readonly PulledDelivery[]): Promise<void> {
    const { id: listenerId, queueId, organizationId } = listener
    const settlements = deliveries.map(({ message, leaseUntil, attempt }) => {
      const receipt = { messageId: message.id, leaseUntil, attempt }
      return write(organizationId, { listenerId, queueId, receipt, end: { how: 'unseen' }, random: 0 })
    })
    await Promise.all(settlements)
    due(listenerId, runtime.now())
  }

  async function waitFor(request: PullRequest, waiters: LongPollWaiters): Promise<PulledDelivery[]> {
    const until = runtime.elapsedMs() + request.waitMs
    for (;;) {
      const { version } = waiters
      const pulled = await ask(request)
      // The client is gone and takes nothing: the next one's turn.
      if (pulled === null) waiters.wake()
      else if (pulled.nextDueAt !== null) expect(waiters, pulled.nextDueAt)
      if (pulled === null || pulled.deliveries.length > 0) return pulled?.deliveries ?? []
      const leftMs = until - runtime.elapsedMs()
      if (stopped || leftMs <= 0) return []
      if (waiters.version !== version) continue
      const reason = await waiters.wait(leftMs, request.client)
      if (reason === 'over') return []
    }
  }

  /** Where there is more than one pull can take, each that is served wakes two more. */
  function expect(waiters: LongPollWaiters, dueAt: number): void {
    if (dueAt <= runtime.now()) waiters.wake(2)
    else waiters.wakeAt(dueAt)
  }

  function due(listenerId: string, dueAt: number): void {
    const waiters = waitersByListener.get(listenerId)
    if (waiters === undefined) return
    if (dueAt <= runtime.now()) waiters.wake()
    else waiters.wakeAt(dueAt)
  }

  /** Writes the same of several leases; answers with what came of each. */
  async function writeAll(
    { id: listenerId, queueId, organizationId }: Parameters<Puller['settle']>[0]['listener'],
    receipts: readonly Receipt[],
    end: LeaseSettlement['end'],
  ): Promise<SettleResult[]> {
    const settling = receipts.map((receipt) =>
      write(organizationId, { listenerId, queueId, receipt, end, random: runtime.random() }),
    )
    const results = await Promise.all(settling)
    for (const it of results) if (typeof it === 'object') due(listenerId, it.nextDueAt)
    return results
  }

  return {
    due,
    changed: (listenerId) => waitersByListener.get(listenerId)?.wake(MAX_WAITING),
    async pull(request) {
      if (stopped) throw new Problem('stopping')
      if (request.waitMs === 0) return (await ask(request))?.deliveries ?? []
      const waiters = enter(request.listener)
      try {
        return await waitFor(request, waiters)
      } finally {
        leave(request.listener, waiters)
      }
    },
    settle: async ({ listener, receipts, end }) => (await writeAll(listener, receipts, end)).map(withoutTime),
    async extend({ listener, receipts, leaseMs }) {
      const results = await writeAll(listener, receipts, { how: 'extended', leaseMs })
      // One that became shorter ends before what this node expects.
      for (const it of results) if (typeof it === 'object') expirer.expectAt(it.nextDueAt)
      return results.map(withoutTime)
    },
    stop() {
      stopped = true
      for (const waiters of waitersByListener.values()) waiters.close()
    },
  }
}

function withoutTime(result: SettleResult): 'settled' | 'lost' {
  return result === 'lost' ? 'lost' : 'settled'
}
