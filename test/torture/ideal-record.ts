import fc from 'fast-check'
import type { Arrival, CampaignRecord, LedgerCounts, PostRecord, StoredMessage } from '../../torture/record/record.ts'
import { emptyRecord } from '../../torture/record/record.ts'

/** What a campaign may do, in small; from it follows the record of servers that keep every promise. */
export interface Script {
  posts: {
    size: number
    verdict: 'accepted' | 'refused' | 'unknown'
    stored: boolean
    failures: number
    gapMs: number
    expires: boolean
  }[]
  deleted: number[]
  redelivered: number[]
  killed: number[]
  dueTimes: number
}

export const scripts: fc.Arbitrary<Script> = fc.record({
  posts: fc.array(
    fc.record({
      size: fc.integer({ min: 1, max: 4 }),
      verdict: fc.constantFrom('accepted', 'accepted', 'accepted', 'refused', 'unknown'),
      stored: fc.boolean(),
      failures: fc.integer({ min: 0, max: 2 }),
      gapMs: fc.integer({ min: 0, max: 40 }),
      expires: fc.boolean(),
    }),
    { minLength: 4, maxLength: 14 },
  ),
  deleted: fc.array(fc.nat(12), { maxLength: 2 }),
  redelivered: fc.array(fc.nat(12), { maxLength: 2 }),
  killed: fc.array(fc.nat(12), { maxLength: 2 }),
  dueTimes: fc.integer({ min: 2, max: 5 }),
})

const CREATED = { askedAt: 0, answeredAt: 1, verdict: 'accepted' as const }
export const PUSHED = 'listener-push'
export const ORDERED = 'listener-order'
export const PULLED = 'listener-pull'
/** For messages of one color alone. */
export const FILTERED = 'listener-filter'
/** Gets nothing: all that waits for it is discarded in the end. */
export const ABSENT = 'listener-absent'
/** Of the schedule. */
const TIMED = 'listener-clock'
const COLORS = ['cyan', 'magenta'] as const
/** How far two messages lie apart at least, so that no fault lies near what is not meant by it. */
const STEP_MS = 10_000
const PERIOD_MS = 1_000

/** What a record says of servers that keep every promise, through everything that the script does to them. */
export function idealRecord(script: Script): CampaignRecord {
  const record = emptyRecord()
  for (const id of [PUSHED, ORDERED, PULLED, FILTERED, ABSENT, TIMED]) {
    const fixed = { mayMiss: false, timeoutMs: 1_000, created: CREATED, deleted: null }
    const [queue, ordering] = [id === TIMED ? 'timed' : 'q', id === ORDERED ? ('queue' as const) : ('none' as const)]
    const own = { pull: id === PULLED, color: id === FILTERED ? COLORS[0] : null }
    record.listeners.push({ id, name: id, queue, ordering, ...own, ...fixed })
  }
  const messages: StoredMessage[] = []
  let sequence = 0
  for (const [index, { size, verdict, stored, failures, gapMs, expires }] of script.posts.entries()) {
    const at = (index + 1) * STEP_MS + gapMs
    const tokens = Array.from({ length: size }, (_, place) => `${index}-${place}`)
    const is = verdict === 'accepted' || (verdict === 'unknown' && stored)
    const ids = tokens.map((token) => `id-${token}`)
    const answeredAt = verdict === 'unknown' ? Number.POSITIVE_INFINITY : at + 2
    const post: PostRecord = {
      queue: 'q',
      tokens,
      keys: tokens.map(() => null),
      colors: tokens.map((_, place) => colorOf(place)),
      expiresInMs: expires ? EXPIRES_IN_MS : null,
      ids: null,
      tries: [{ askedAt: at, answeredAt, verdict }],
    }
    if (verdict === 'accepted') post.ids = ids
    record.posts.push(post)
    if (!is) continue
    for (const [place, id] of ids.entries()) {
      sequence += 1
      const listeners = [PUSHED, ORDERED, PULLED, ...(colorOf(place) === COLORS[0] ? [FILTERED] : [])]
      const own = { id, token: tokens[place]!, at: at + 3 + place * 20, failures, sequence }
      record.arrivals.push(...arrivalsOf(listeners, own))
      const deliveries = listeners.map((listenerId) => ({ listenerId, status: 'delivered' }))
      deliveries.push({ listenerId: ABSENT, status: 'discarded' })
      messages.push({ id, token: tokens[place]!, queue: 'q', deliveries })
    }
  }
  const discard = { queue: 'q', listenerId: ABSENT, status: null, doneAt: DISCARDED_AT + 10 }
  record.discards.push({ ...discard, ...call(DISCARDED_AT) })
  happen(record, script)
  addSchedule(record, messages, script.dueTimes)
  const gone = new Set(record.deletions.map(({ messageId }) => messageId))
  const left = messages.filter(({ id }) => !gone.has(id))
  const counts = countsOf(messages, left)
  const runs = Array.from({ length: script.dueTimes }, (_, k) => ({ dueAt: dueAt(k), messageId: `id-run-${k}` }))
  record.end = {
    messages: left,
    ledger: counts,
    runs: { s: runs },
    attempts: {},
    verification: { counts: { ...counts }, faults: [] },
  }
  return record
}

/** Long enough for every attempt of the script. */
const EXPIRES_IN_MS = 4_000
const LEASE_MS = 2_000
export const DISCARDED_AT = 1e8
const colorOf = (place: number) => COLORS[place % COLORS.length]!

const dueAt = (k: number) => 5_000 + (k + 1) * PERIOD_MS

function arrivalsOf(
  listeners: readonly string[],
  { id, token, at, failures, sequence }: { id: string; token: string; at: number; failures: number; sequence: number },
): Arrival[] {
  return listeners.flatMap((listenerId) =>
    Array.from({ length: failures + 1 }, (_, attempt): Arrival => {
      const time = { at: at + attempt * 5, endedAt: at + attempt * 5 + 1 }
      const outcome = attempt === failures ? 'acknowledged' : 'failed'
      return {
        listenerId,
        messageId: id,
        token,
        attempt: attempt + 1,
        ...time,
        outcome,
        sequence: listenerId === ORDERED ? sequence : null,
        // What failed was returned.
        leasedUntil: listenerId === PULLED && outcome === 'acknowledged' ? time.at + LEASE_MS : 0,
        schedule: null,
      }
    }),
  )
}

function happen(record: CampaignRecord, { deleted, redelivered, killed }: Script): void {
  const ids = record.posts.flatMap((post) => post.ids ?? [])
  const last = (id: string, listenerId = PUSHED) =>
    record.arrivals.findLast((one) => one.messageId === id && one.listenerId === listenerId)!
  const again = (id: string, afterMs: number) => {
    const before = last(id)
    record.arrivals.push({
      ...before,
      at: before.endedAt + afterMs,
      endedAt: before.endedAt + afterMs + 1,
      outcome: 'acknowledged',
    })
  }
  for (const id of ids.length === 0 ? [] : killed.map((at) => ids[at % ids.length]!)) {
    const { endedAt } = last(id)
    record.faults.push({ kind: 'kill', node: 0, from: endedAt + 1, until: endedAt + 50 })
    again(id, 60)
  }
  for (const id of ids.length === 0 ? [] : redelivered.map((at) => ids[at % ids.length]!)) {
    record.redeliveries.push({ messageId: id, ...call(last(id).endedAt + 3_000) })
    again(id, 3_010)
  }
  for (const id of ids.length === 0 ? [] : deleted.map((at) => ids[at % ids.length]!)) {
    record.deletions.push({ messageId: id, ...call(last(id).endedAt + 5_000) })
  }
}

const call = (at: number) => ({ askedAt: at, answeredAt: at + 1, verdict: 'accepted' as const })

function addSchedule(record: CampaignRecord, messages: StoredMessage[], dueTimes: number): void {
  const times = { everyMs: PERIOD_MS, createdAt: 5_000, lastRunAt: dueAt(dueTimes - 1) }
  const options = { queue: 'timed', catchUp: 'all', overlap: 'skip' as const, header: 'own' }
  record.schedules.push({ id: 's', name: 's', token: 'schedule', ...options, ...times })
  for (let k = 0; k < dueTimes; k++) {
    const [id, token] = [`id-run-${k}`, 'schedule']
    const [arrival] = arrivalsOf([TIMED], { id, token, at: dueAt(k) + 2, failures: 0, sequence: 0 })
    record.arrivals.push({ ...arrival!, schedule: { name: 's', dueAt: dueAt(k), own: 'own' } })
    messages.push({ id, token, queue: 'timed', deliveries: [{ listenerId: TIMED, status: 'delivered' }] })
  }
}

function countsOf(all: readonly StoredMessage[], left: readonly StoredMessage[]): LedgerCounts {
  const pairs = (messages: readonly StoredMessage[]) =>
    messages.reduce((sum, { deliveries }) => sum + deliveries.length, 0)
  const [accepted, delivered] = [pairs(all), pairs(left)]
  return { accepted, delivered, pending: 0, scheduled: 0, missed: 0, discarded: accepted - delivered, unaccounted: 0 }
}
