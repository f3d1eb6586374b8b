import type { Puller, PullRequest } from '../app/deps.ts'
import { FairPlaces } from '../core/fair-places.ts'
import { full } from '../core/full.ts'
import type { Listener } from '../core/listener.ts'
import { Problem } from '../core/problem.ts'
import type { Runtime } from '../runtime.ts'
import type { Pulled, PulledDelivery } from '../store/pulls.ts'
import type { LeaseExpirer } from './lease-expirer.ts'
import type { PullCommitter } from './pull-committer.ts'
import { WaitingRoom } from './waiting-room.ts'

/** Requests that are held open, each a socket and some memory; one organization alone gets a fifth of them. */
const MAX_WAITING = 10_000
const TIMES = 4
const POLLS = { code: 'too_many_polls', what: 'waiting pulls' } as const
/** Data of one answer; a single message may be of any size that is accepted. */
const MAX_BYTES = 4 * 1024 * 1024

/** Where listeners come for their messages. */
export interface PullDesk extends Puller {
  /** Something of this listener is due at this time, or may be. */
  due(listenerId: string, dueAt: number): void
  /** Whoever waits for this listener may wait in vain: it was deleted, or does not pull any more. */
  changed(listenerId: string): void
  /** Everybody who waits is answered with what there is: nothing. From now on nobody is served. */
  stop(): void
}

export function createPullDesk(deps: { committer: PullCommitter; expirer: LeaseExpirer; runtime: Runtime }): PullDesk {
  const { committer, expirer, runtime } = deps
  const rooms = new Map<string, WaitingRoom>()
  const places = new FairPlaces(MAX_WAITING, { times: TIMES })
  let stopped = false

  function enter(listener: Listener): WaitingRoom {
    if (!places.take(listener.organizationId)) throw full(places, listener.organizationId, POLLS)
    const room = rooms.get(listener.id) ?? new WaitingRoom(runtime)
    rooms.set(listener.id, room)
    room.guests += 1
    return room
  }

  function leave(listener: Listener, room: WaitingRoom): void {
    places.give(listener.organizationId)
    room.guests -= 1
    if (room.guests > 0) return
    room.close()
    rooms.delete(listener.id)
  }

  async function ask(request: PullRequest): Promise<Extract<Pulled, { outcome: 'pulled' }> | null> {
    const { listener, max, leaseMs, client } = request
    const { id: listenerId, organizationId } = listener
    if (client?.aborted) return null
    const pulled = await committer.pull(organizationId, { listenerId, limit: max, maxBytes: MAX_BYTES, leaseMs })
    if (pulled.outcome === 'gone') throw new Problem('listener_not_found')
    if (pulled.deliveries.length > 0) expirer.expectAt(pulled.deliveries[0]!.leaseUntil)
    if (!client?.aborted) return pulled
    await handBack(listener, pulled.deliveries)
    return null
  }

  /** Whoever asked has hung up, and has seen nothing of this. */
  async function handBack(listener: Listener, deliveries: readonly PulledDelivery[]): Promise<void> {
    const { id: listenerId, queueId, organizationId } = listener
    const settlements = deliveries.map(({ message, leaseUntil, attempt }) => {
      const receipt = { messageId: message.id, leaseUntil, attempt }
      return committer.settle(organizationId, { listenerId, queueId, receipt, end: { how: 'unseen' }, random: 0 })
    })
    await Promise.all(settlements)
    due(listenerId, runtime.now())
  }

  async function waitFor(request: PullRequest, room: WaitingRoom): Promise<PulledDelivery[]> {
    const until = runtime.now() + request.waitMs
    for (;;) {
      const { version } = room
      const pulled = await ask(request)
      // Nobody is there to take anything any more: the next one's turn.
      if (pulled === null) room.wake()
      else if (pulled.nextDueAt !== null) expect(room, pulled.nextDueAt)
      if (pulled === null || pulled.deliveries.length > 0) return pulled?.deliveries ?? []
      const leftMs = until - runtime.now()
      if (stopped || leftMs <= 0) return []
      if (room.version !== version) continue
      const reason = await room.wait(leftMs, request.client)
      if (reason === 'over') return []
    }
  }

  /** Where there is more than one can take, each who is served wakes two others. */
  function expect(room: WaitingRoom, dueAt: number): void {
    if (dueAt <= runtime.now()) room.wake(2)
    else room.wakeAt(dueAt)
  }

  function due(listenerId: string, dueAt: number): void {
    const room = rooms.get(listenerId)
    if (room === undefined) return
    if (dueAt <= runtime.now()) room.wake()
    else room.wakeAt(dueAt)
  }

  return {
    due,
    changed: (listenerId) => rooms.get(listenerId)?.wake(MAX_WAITING),
    async pull(request) {
      if (stopped) throw new Problem('stopping')
      if (request.waitMs === 0) return (await ask(request))?.deliveries ?? []
      const room = enter(request.listener)
      try {
        return await waitFor(request, room)
      } finally {
        leave(request.listener, room)
      }
    },
    async settle({ listener, receipts, end }) {
      const { id: listenerId, queueId, organizationId } = listener
      const settling = receipts.map((receipt) =>
        committer.settle(organizationId, { listenerId, queueId, receipt, end, random: runtime.random() }),
      )
      const settled = await Promise.all(settling)
      for (const it of settled) if (it.outcome === 'settled' && it.dueAt !== null) due(listenerId, it.dueAt)
      return settled.map(({ outcome }) => outcome)
    },
    stop() {
      stopped = true
      for (const room of rooms.values()) room.close()
    },
  }
}
