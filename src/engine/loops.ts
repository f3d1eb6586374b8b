import type { Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { Sender } from './client/sender.ts'
import { createLoop, type Loop } from './loop.ts'
import type { LeaseExpirer } from './pull/lease-expirer.ts'
import type { BehindClock } from './push/behind-clock.ts'
import type { ClaimFailures } from './push/claim-failures.ts'
import type { Delivering } from './push/delivering.ts'
import { RENEW_EVERY_MS } from './push/dispatcher.ts'
import { createDiscarder } from './upkeep/discarder.ts'
import { createMessageExpirer } from './upkeep/message-expirer.ts'
import { createPruner, type Retention } from './upkeep/pruner.ts'
import { createRedeliverer } from './upkeep/redeliverer.ts'

const SWEEP_EVERY_MS = 10_000
/** How often to look for rows of deleted things, and how many to remove at a time: a few milliseconds' work. */
const REMOVE_EVERY_MS = 5_000
const REMOVE_ROWS = 500
/** The pause between two such rounds, so that clients' writes have most of the store. */
const REMOVE_PAUSE_MS = 20
/** How often to look for redeliveries, beside being told of them, and the pause between two steps of one. */
const REDELIVER_EVERY_MS = 10_000
const REDELIVER_PAUSE_MS = 5
/** How often to look for discards, beside being told of them, and for what was on its way; and the pause between two steps. */
const DISCARD_EVERY_MS = 2_000
const DISCARD_PAUSE_MS = 5
/** How often to look for messages whose time is over, and the pause between two steps. */
const EXPIRE_EVERY_MS = 1_000
const EXPIRE_PAUSE_MS = 5
const PRUNE_EVERY_MS = 60_000
/** How often to look for answers to repeated requests that have expired. */
const REMOVE_ANSWERS_EVERY_MS = 60_000
/** How often to look for secrets whose overlap is over; they sign nothing from the moment that it is. */
const FORGET_SECRETS_EVERY_MS = 60_000
/** How often to look for listeners that are to be checked and that this node was not told of. */
const SCAN_LIVENESS_EVERY_MS = 60_000
/** A node that dies is missed after its lease (15 s) and this: how long its part of the listeners goes unasked. */
const SHARE_LIVENESS_EVERY_MS = 5_000
const WRITE_LIVENESS_EVERY_MS = 1_000
/** How soon an organization is told of what happens to it. */
const NOTIFY_EVERY_MS = 5_000
/** How soon the log tells of it. */
const MOMENTS_EVERY_MS = 1_000

type Parts = Delivering & {
  store: Store
  runtime: Runtime
  node: string
  retention: Retention
  sender: Pick<Sender, 'dropIdle'>
  expirer: Pick<LeaseExpirer, 'look'>
  behindClock: Pick<BehindClock, 'tick'>
  claims: Pick<ClaimFailures, 'failed'>
  /** Tells organizations how they stand; see `notify/notifier.ts`. */
  notify: () => Promise<number>
  /** Writes to the log what has happened. */
  moments: { tick(): Promise<number> }
}

/** What the engine does again and again, beside what is due. */
export interface Loops {
  /** Says that this node lives: until it has handed back what it holds, other nodes must not take it. */
  leaseRenewal: Loop
  remover: Loop
  redeliverer: Loop
  discarder: Loop
  /** What other nodes have found of listeners may not have been heard: the store is asked with the next round. */
  newsMissed(): void
  start(): void
  /** Has each of them look now. */
  wake(): void
  /** Ends all of them but the renewal of leases, each after its round. */
  stopWork(): Promise<void>
}

export function createLoops(parts: Parts): Loops {
  const { store, runtime, dispatcher, registry } = parts
  const leaseRenewal = createLoop({
    name: 'lease-renewal',
    tick: dispatcher.renewLeases,
    idleMs: RENEW_EVERY_MS,
    runtime,
  })
  const remover = createLoop({
    name: 'remover',
    tick: () => store.removals.sweep({ limit: REMOVE_ROWS }),
    idleMs: REMOVE_EVERY_MS,
    busyMs: REMOVE_PAUSE_MS,
    runtime,
  })
  const redeliverer = createLoop({
    name: 'redeliverer',
    tick: createRedeliverer({ store, runtime }),
    idleMs: REDELIVER_EVERY_MS,
    busyMs: REDELIVER_PAUSE_MS,
    runtime,
  })
  const discarder = createLoop({
    name: 'discarder',
    tick: createDiscarder({ store, runtime, node: parts.node }),
    idleMs: DISCARD_EVERY_MS,
    busyMs: DISCARD_PAUSE_MS,
    runtime,
  })
  const liveness = createLivenessLoops(parts)
  const work = [
    createLoop({ name: 'dispatcher', tick: () => sweep(parts), idleMs: SWEEP_EVERY_MS, runtime }),
    remover,
    redeliverer,
    discarder,
    createLoop({
      name: 'message-expirer',
      tick: createMessageExpirer({ store, runtime, node: parts.node, endHeld: dispatcher.endExpired }),
      idleMs: EXPIRE_EVERY_MS,
      busyMs: EXPIRE_PAUSE_MS,
      runtime,
    }),
    ...createRetentionLoops(parts),
    ...liveness.loops,
    createLoop({ name: 'moments', tick: () => parts.moments.tick(), idleMs: MOMENTS_EVERY_MS, runtime }),
    createLoop({ name: 'notifier', tick: parts.notify, idleMs: NOTIFY_EVERY_MS, runtime }),
    createLoop({ name: 'liveness-writer', tick: () => registry.write(), idleMs: WRITE_LIVENESS_EVERY_MS, runtime }),
  ]
  const all = [leaseRenewal, ...work]
  return {
    leaseRenewal,
    remover,
    redeliverer,
    discarder,
    newsMissed: liveness.newsMissed,
    start() {
      for (const loop of all) loop.start()
    },
    wake() {
      for (const loop of all) loop.wake()
    },
    async stopWork() {
      await Promise.all(work.map((loop) => loop.stop()))
    },
  }
}

/** One that fails keeps what is due from being found, as a claim does. */
async function sweep(parts: Parts): Promise<number> {
  parts.sender.dropIdle()
  try {
    return await lookForDue(parts)
  } catch (error) {
    parts.claims.failed(error, null)
    return 0
  }
}

async function lookForDue({ behindClock, expirer, dispatcher }: Parts): Promise<number> {
  await behindClock.tick()
  // Of leases that another node gave, or a node before this one, this node does not know when they run out.
  await expirer.look()
  return dispatcher.sweep()
}

/** Remove what is kept no longer. */
function createRetentionLoops({ store, runtime, retention }: Parts): Loop[] {
  return [
    createLoop({
      name: 'pruner',
      tick: createPruner({ store, runtime, retention }),
      idleMs: PRUNE_EVERY_MS,
      runtime,
    }),
    createLoop({
      name: 'answer-remover',
      tick: () => store.answers.removeExpired({ now: runtime.now(), limit: REMOVE_ROWS }),
      idleMs: REMOVE_ANSWERS_EVERY_MS,
      runtime,
    }),
    createLoop({
      name: 'secret-forgetter',
      tick: () => store.secrets.forgetRetired({ now: runtime.now(), limit: REMOVE_ROWS }),
      idleMs: FORGET_SECRETS_EVERY_MS,
      runtime,
    }),
  ]
}

/** Find the listeners that are to be checked, and, where there are other nodes, those that are this node's to check. */
function createLivenessLoops({ store, runtime, checker }: Parts): { loops: Loop[]; newsMissed: () => void } {
  let missed = false
  const scan = createLoop({
    name: 'liveness-scan',
    tick: () => checker.scan(),
    idleMs: SCAN_LIVENESS_EVERY_MS,
    runtime,
  })
  const share = createLoop({
    name: 'liveness-share',
    async tick() {
      const found = await checker.share()
      // Here, because while the database is away this comes again and again.
      if (missed) scan.wake()
      missed = false
      return found
    },
    idleMs: SHARE_LIVENESS_EVERY_MS,
    runtime,
  })
  return {
    loops: store.shared ? [scan, share] : [scan],
    newsMissed() {
      missed = true
    },
  }
}
