import type { Next } from '../../core/delivery/delivery.ts'
import type { Accept, Batch, MessageAccept, Settlement } from '../../store/commit/batch.ts'
import type { SegmentText } from '../../store/commit/usage-changes.ts'
import type { IdempotencyRecord } from '../../store/idempotency-records.ts'
import { lockOf } from '../cluster/locks.ts'
import { numbers, texts, truths } from '../connect/arrays.ts'
import type { Value } from '../connect/session.ts'
import { stored } from '../connect/text.ts'
import type { HeldLease } from '../deliveries/leases.ts'
import { stepJson } from '../schedules/schedule-steps.ts'

type Cell = string | number | boolean | null

/** A table that is handed over as one array for each of its columns. */
class Columns {
  readonly #columns: Cell[][]
  readonly #kinds: readonly Kind[]

  constructor(kinds: readonly Kind[]) {
    this.#kinds = kinds
    this.#columns = kinds.map(() => [])
  }

  get length(): number {
    return this.#columns[0]!.length
  }

  add(...cells: Cell[]): void {
    for (let at = 0; at < cells.length; at++) this.#columns[at]!.push(cells[at]!)
  }

  values(): Value[] {
    return this.#columns.map((column, index) => (column.some(says) ? written(this.#kinds[index]!, column) : null))
  }
}

function stepsText(steps: Accept['steps']): string | null {
  return steps === undefined || steps.length === 0 ? null : JSON.stringify(steps.map(stepJson))
}

/** Null and false do not: a column of nothing else is not worth a parameter to be written, sent and read. */
function says(cell: Cell): boolean {
  return cell !== null && cell !== false
}

type Kind = 'text' | 'number' | 'truth'

function written(kind: Kind, column: Cell[]): string {
  if (kind === 'text') return texts(column as (string | null)[])
  return kind === 'number' ? numbers(column as (number | null)[]) : truths(column as boolean[])
}

const [T, N, B] = ['text', 'number', 'truth'] as const
/** As the routine numbers them; `anew` is for an attempt of a run that has been begun anew meanwhile. */
const STATES: Record<Next['state'] | 'anew', number> = { acknowledged: 0, pending: 1, missed: 2, anew: 3 }
/** The attempts so far count for nothing any more. */
const PENDING_ANEW = 4

/** A listener that something is settled or ordered of. */
interface BatchListener {
  organizationId: string
  ordered: boolean
  /** By which the settlements name it, counted from 1; 0 until all are known. */
  place: number
}

/** The parameters of `routines/commit_batch.sql` from `p_locks` to `p_attempt_response`. */
export class BatchArrays {
  readonly #locks = new Set<number>()
  readonly #queueNumbers = new Map<string, number>()
  /** By id; whether one of their messages is ordered. */
  readonly #listeners = new Map<string, BatchListener>()
  /** Of each settlement. */
  readonly #settled: BatchListener[] = []
  /** Each in the version that it was read at: of one that was read in two, at least one is refused. */
  readonly #queues = new Columns([T, T, N])
  readonly #accepts = new Columns([N, N, N, N, T])
  readonly #recipientSets = new Columns([T])
  readonly #answers = new Columns([T, T, T, N, T, N, N])
  readonly #messages = new Columns([N, T, T, T, T, N, N])
  readonly #deliveries = new Columns([N, T, B, B, T])
  readonly #settlements = new Columns([N, N, N, B, N, N, N, T, N, N, N, N, N, T, T])

  accept({ queueVersion, messages, answer, steps }: Accept): void {
    const { message } = messages[0]!
    const queue = this.#queueOf(message, queueVersion, messages[0]!.deliveries)
    this.#accepts.add(queue, messages.length, message.createdAt, this.#answerOf(answer), stepsText(steps))
    for (const { message: it, deliveries } of messages) {
      const { organizationId, id, name, key, data, createdAt, deliverAt } = it
      const texts = [name, key === null ? null : stored(key), stored(data)]
      this.#messages.add(queue, id, ...texts, createdAt, deliverAt)
      const number = this.#messages.length
      for (const { listenerId, leased, ordering } of deliveries) {
        const orderKey = ordering === 'queue' ? '' : key === null ? null : stored(key)
        const order = [ordering !== undefined, orderKey]
        if (ordering !== undefined) this.#listenerOf(listenerId, organizationId).ordered = true
        this.#deliveries.add(number, listenerId, leased, ...order)
      }
    }
  }

  settle(
    { delivery, attempt, next }: Settlement,
    { message }: HeldLease,
    { pulled, anew }: { pulled: boolean; anew: boolean },
  ): void {
    const { listenerId, dueAt, sequence, lease } = delivery
    const { organizationId, queueId } = message
    this.#locks.add(lockOf(queueId))
    this.#settled.push(this.#listenerOf(listenerId, organizationId))
    const nextDueAt = next.state === 'pending' ? next.dueAt : null
    const reason = next.state === 'missed' ? next.reason : null
    const { number, startedAt, durationMs, status, error, response } = attempt
    const place = [dueAt, sequence, lease, pulled]
    const given = next.state === 'pending' && next.anew ? PENDING_ANEW : STATES[next.state]
    const state = anew ? STATES.anew : given
    const becomes = [state, nextDueAt, delivery.firstSentAt ?? startedAt, reason, delivery.attemptsBefore]
    this.#settlements.add(...place, ...becomes, number, startedAt, durationMs, status, error, stored(response))
  }

  values(): Value[] {
    return [
      numbers([...this.#locks].sort((a, b) => a - b)),
      ...this.#queues.values(),
      ...this.#accepts.values(),
      ...this.#recipientSets.values(),
      ...this.#answers.values(),
      ...this.#messages.values(),
      ...this.#deliveries.values(),
      ...this.#sortedListeners(),
      numbers(this.#settled.map(({ place }) => place)),
      ...this.#settlements.values(),
    ]
  }

  /** How many parameters `commit_batch` takes. */
  static readonly count = 1 + 3 + 5 + 1 + 7 + 7 + 5 + 3 + 1 + 15

  static segments(segments: readonly (readonly [organizationId: string, text: SegmentText])[]): Value[] {
    return [
      texts(segments.map(([id]) => id)),
      numbers(segments.map(([, { events }]) => events)),
      texts(segments.map(([, { entries }]) => entries)),
    ]
  }

  /** In the order of their ids, so that two nodes never wait for each other. */
  static keyUses(uses: Batch['keyUses']): Value[] {
    const sorted = [...uses].sort((a, b) => (a.apiKeyId < b.apiKeyId ? -1 : 1))
    return [texts(sorted.map(({ apiKeyId }) => apiKeyId)), numbers(sorted.map(({ at }) => at))]
  }

  #listenerOf(listenerId: string, organizationId: string) {
    let known = this.#listeners.get(listenerId)
    if (known === undefined) {
      known = { organizationId, ordered: false, place: 0 }
      this.#listeners.set(listenerId, known)
    }
    return known
  }

  /** In one order in every commit, since they are locked. */
  #sortedListeners(): Value[] {
    const sorted = [...this.#listeners].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [index, [, listener]] of sorted.entries()) listener.place = index + 1
    return [
      texts(sorted.map(([, { organizationId }]) => organizationId)),
      texts(sorted.map(([id]) => id)),
      truths(sorted.map(([, { ordered }]) => ordered)),
    ]
  }

  /** The index of a queue in the batch, counted from 1 as in PostgreSQL's arrays. */
  #queueOf(
    { organizationId, queueId }: { organizationId: string; queueId: string },
    version: number,
    deliveries: MessageAccept['deliveries'],
  ): number {
    const key = `${organizationId} ${queueId} ${version}`
    const known = this.#queueNumbers.get(key)
    if (known !== undefined) return known
    this.#locks.add(lockOf(queueId))
    this.#queues.add(organizationId, queueId, version)
    const listenerIds = deliveries.map(({ listenerId }) => listenerId)
    this.#recipientSets.add(texts(listenerIds))
    this.#queueNumbers.set(key, this.#queues.length)
    return this.#queues.length
  }

  /** 0 where there is none to keep. */
  #answerOf(answer: IdempotencyRecord | null): number {
    if (answer === null) return 0
    const { target, key, digest, status, body, storedAt, expiresAt } = answer
    this.#answers.add(target, stored(key), digest, status, stored(body), storedAt, expiresAt)
    return this.#answers.length
  }
}
