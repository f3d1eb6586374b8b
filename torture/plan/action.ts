import type { Random } from './random.ts'
import { COLORS, type Color, EXPIRES_IN_MS, KEYS } from './world.ts'

/** What one lane of the workload does next; `pick` (0 to 1) chooses among what exists by then. */
export type Action =
  | {
      do: 'post'
      queue: string
      key?: string
      color?: Color
      delayMs?: number
      expiresInMs?: number
      idempotent: boolean
    }
  | { do: 'batch'; queue: string; size: number; expiresInMs?: number; idempotent: boolean; spoiled: boolean }
  | { do: 'post what is refused' }
  | { do: 'delete'; pick: number }
  | { do: 'redeliver'; pick: number }
  | { do: 'move'; pick: number; delayMs: number }
  | { do: 'pause'; forMs: number }
  | { do: 'disable'; forMs: number }
  | { do: 'add a listener'; behaviour: 'steady' | 'flaky'; forMs: number }
  | { do: 'discard'; queue: string; status: 'pending' | 'scheduled' | 'missed' | null; forOne: boolean }
  | { do: 'read the ledger' }

const WEIGHTS: Record<Action['do'], number> = {
  post: 120,
  batch: 16,
  'post what is refused': 8,
  delete: 5,
  redeliver: 5,
  move: 4,
  pause: 0.6,
  disable: 0.4,
  'add a listener': 0.6,
  discard: 1.5,
  'read the ledger': 1,
}
const POSTED: Record<string, number> = {
  plain: 5,
  ordered: 4,
  pulled: 3,
  paused: 1,
  strict: 1,
  filtered: 3,
  expiring: 2,
}
const LARGEST_BATCH = 20
const LONGEST_DELAY_MS = 3_000

/** Of messages to any queue that expire; of those to `expiring` it is `MOSTLY`. */
const SELDOM = 6
const MOSTLY = 70

/** The next action of a lane. It depends on the lane's numbers alone, not on how the ones before it ended. */
export function nextAction(random: Random): Action {
  const kind = random.weighted(WEIGHTS)
  if (kind === 'post') return post(random)
  if (kind === 'batch') return batch(random)
  if (kind === 'delete' || kind === 'redeliver') return { do: kind, pick: random.next() }
  if (kind === 'move') return { do: kind, pick: random.next(), delayMs: random.between(0, LONGEST_DELAY_MS) }
  if (kind === 'pause' || kind === 'disable') return { do: kind, forMs: random.between(100, 2_000) }
  if (kind === 'add a listener') {
    return { do: kind, behaviour: random.pick(['steady', 'flaky']), forMs: random.between(500, 4_000) }
  }
  if (kind === 'discard') return discard(random)
  return { do: kind }
}

/** None of an order, in which what is redelivered after it was discarded takes a turn that the record cannot know. */
function discard(random: Random): Action {
  const queue = random.pick(['plain', 'pulled', 'paused'])
  return {
    do: 'discard',
    queue,
    status: random.pick([null, 'pending', 'scheduled', 'missed']),
    forOne: random.percent(50),
  }
}

function post(random: Random): Action {
  const queue = random.weighted(POSTED)
  return {
    ...{ do: 'post', queue, idempotent: random.percent(30) },
    ...(queue === 'ordered' && { key: random.pick(KEYS) }),
    ...(queue === 'filtered' && { color: random.pick(COLORS) }),
    ...(IN_ORDER.has(queue) || !random.percent(20) ? expiry(random, queue) : delay(random)),
  }
}

/** Not those of an order: what is due later takes its place when it is due. */
const IN_ORDER: ReadonlySet<string> = new Set(['ordered', 'filtered', 'expiring'])

const delay = (random: Random) => ({ delayMs: random.between(50, LONGEST_DELAY_MS) })

function expiry(random: Random, queue: string): { expiresInMs?: number } {
  if (!random.percent(queue === 'expiring' ? MOSTLY : SELDOM)) return {}
  return { expiresInMs: random.between(EXPIRES_IN_MS.least, EXPIRES_IN_MS.most) }
}

function batch(random: Random): Action {
  const spoiled = random.percent(15)
  const queue = random.weighted(POSTED)
  const size = random.between(2, LARGEST_BATCH)
  return { do: 'batch', queue, size, ...expiry(random, queue), idempotent: random.percent(30), spoiled }
}
