import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { ViolationKind } from '../../torture/judge/evidence.ts'
import { judge } from '../../torture/judge/judge.ts'
import type { CampaignRecord } from '../../torture/record/record.ts'
import { rounds } from '../support/thorough.ts'
import { ABSENT, DISCARDED_AT, FILTERED, idealRecord, ORDERED, PULLED, PUSHED, scripts } from './ideal-record.ts'

const numRuns = rounds({ quick: 60, long: 1_000 })
const kinds = (record: CampaignRecord) => judge(record).violations.map(({ kind }) => kind)

/** Spoils a record in one way, at the `pick`th place where that is possible; false where there is none. */
type Spoil = (record: CampaignRecord, pick: number) => boolean

const at = <Value>(values: readonly Value[], pick: number) => values[pick % Math.max(1, values.length)]

/** Ids of messages that were acknowledged by an answer, and that nothing was done to. */
function untouched(record: CampaignRecord): string[] {
  const touched = new Set([...record.deletions, ...record.redeliveries].map(({ messageId }) => messageId))
  return record.posts.flatMap(({ ids }) => ids ?? []).filter((id) => !touched.has(id))
}

const stored = ({ end }: CampaignRecord) => end!.messages
const remove = <Value>(values: Value[], which: (value: Value) => boolean) =>
  values.splice(0, values.length, ...values.filter((value) => !which(value)))

const SPOILS: { kind: ViolationKind; what: string; spoil: Spoil }[] = [
  {
    kind: 'lost',
    what: 'a message that was answered 200 and is not there',
    spoil(record, pick) {
      const id = at(untouched(record), pick)
      if (id === undefined) return false
      remove(stored(record), (message) => message.id === id)
      remove(record.arrivals, ({ messageId }) => messageId === id)
      return true
    },
  },
  {
    kind: 'never arrived',
    what: 'a delivery that a receiver never saw',
    spoil(record, pick) {
      const id = at(untouched(record), pick)
      remove(record.arrivals, ({ messageId, listenerId }) => messageId === id && listenerId === PUSHED)
      return id !== undefined
    },
  },
  {
    kind: 'left out',
    what: 'a listener that a message has no delivery to',
    spoil(record, pick) {
      const message = stored(record).find(({ id }) => id === at(untouched(record), pick))
      if (message !== undefined) remove(message.deliveries, ({ listenerId }) => listenerId === PUSHED)
      return message !== undefined
    },
  },
  {
    kind: 'not for this listener',
    what: 'a delivery to a listener that was made later',
    spoil(record, pick) {
      const message = stored(record).find(({ id }) => id === at(untouched(record), pick))
      const created = { askedAt: 1e9, answeredAt: 1e9 + 1, verdict: 'accepted' as const }
      record.listeners.push({ ...record.listeners[0]!, id: 'later', name: 'later', created })
      message?.deliveries.push({ listenerId: 'later', status: 'delivered' })
      return message !== undefined
    },
  },
  {
    kind: 'not for this listener',
    what: 'a delivery to a listener whose filter it does not fit',
    spoil(record, pick) {
      const others = stored(record).filter(({ queue, deliveries }) => {
        return queue === 'q' && deliveries.every(({ listenerId }) => listenerId !== FILTERED)
      })
      at(others, pick)?.deliveries.push({ listenerId: FILTERED, status: 'delivered' })
      return others.length > 0
    },
  },
  {
    kind: 'expired without a reason',
    what: 'a delivery that is discarded as expired although its message never expires',
    spoil(record, pick) {
      const lasting = new Set(record.posts.flatMap((post) => (post.expiresInMs === null ? post.tokens : [])))
      const message = at(
        stored(record).filter(({ token }) => lasting.has(token)),
        pick,
      )
      if (message !== undefined) message.deliveries[0]!.status = 'expired'
      return message !== undefined
    },
  },
  {
    kind: 'discarded without a reason',
    what: 'a delivery that is discarded although no client asked for that',
    spoil(record, pick) {
      const message = stored(record).find(({ id }) => id === at(untouched(record), pick))
      if (message !== undefined) message.deliveries[0]!.status = 'discarded'
      return message !== undefined
    },
  },
  {
    kind: 'came after it was discarded',
    what: 'a message that came after its discard was done',
    spoil(record, pick) {
      const id = at(untouched(record), pick)
      const one = record.arrivals.find(({ messageId }) => messageId === id)
      if (one !== undefined) record.arrivals.push({ ...one, listenerId: ABSENT, at: DISCARDED_AT + 2_000 })
      return one !== undefined
    },
  },
  {
    kind: 'came after it had expired',
    what: 'a message that was sent long after it had expired',
    spoil(record, pick) {
      const expiring = record.posts.filter(({ ids, expiresInMs }) => ids !== null && expiresInMs !== null)
      const post = at(expiring, pick)
      const last = record.arrivals.findLast(({ token }) => post?.tokens.includes(token))
      if (last !== undefined) last.at = last.endedAt = post!.tries[0]!.answeredAt + post!.expiresInMs! + 5_001
      return last !== undefined
    },
  },
  {
    kind: 'came within a lease',
    what: 'a message that was pulled while another client had it',
    spoil(record, pick) {
      const id = at(untouched(record), pick)
      const last = record.arrivals.findLast((one) => one.messageId === id && one.listenerId === PULLED)
      if (last !== undefined) record.arrivals.push({ ...last, at: last.leasedUntil - 1 })
      return last !== undefined
    },
  },
  {
    kind: 'still waiting',
    what: 'a delivery that is pending when everything has come to rest',
    spoil(record, pick) {
      const message = stored(record).find(({ id }) => id === at(untouched(record), pick))
      if (message !== undefined) message.deliveries[0]!.status = 'pending'
      return message !== undefined
    },
  },
  {
    kind: 'missed too early',
    what: 'a delivery that is missed although it has attempts left',
    spoil(record, pick) {
      const message = stored(record).find(({ id }) => id === at(untouched(record), pick))
      if (message !== undefined) message.deliveries[0]!.status = 'missed'
      return message !== undefined
    },
  },
  {
    kind: 'refused, but there',
    what: 'a message that was refused and came',
    spoil(record, pick) {
      const post = at(
        record.posts.filter(({ ids }) => ids !== null),
        pick,
      )
      if (post !== undefined) post.tries[0]!.verdict = 'refused'
      return post !== undefined
    },
  },
  {
    kind: 'half a batch',
    what: 'a batch without an answer of which one message is missing',
    spoil(record, pick) {
      const touched = new Set(untouched(record))
      const whole = record.posts.filter(({ tokens, ids }) => tokens.length > 1 && ids?.every((id) => touched.has(id)))
      const post = at(whole, pick)
      if (post === undefined) return false
      const [id] = post.ids!
      post.tries[0]!.verdict = 'unknown'
      post.ids = null
      remove(stored(record), (message) => message.id === id)
      remove(record.arrivals, ({ messageId }) => messageId === id)
      return true
    },
  },
  {
    kind: 'stored twice',
    what: 'a message that was sent again with its key and is there twice',
    spoil(record, pick) {
      const message = stored(record).find(({ id }) => id === at(untouched(record), pick))
      if (message !== undefined) stored(record).push({ ...message, id: 'twin' })
      return message !== undefined
    },
  },
  {
    kind: 'came from nowhere',
    what: 'a message that no client sent',
    spoil(record) {
      stored(record).push({ id: 'stranger', token: 'stranger', queue: 'elsewhere', deliveries: [] })
      return true
    },
  },
  {
    kind: 'deleted, but there',
    what: 'a message that was deleted and is there',
    spoil(record, pick) {
      const id = at(untouched(record), pick)
      if (id !== undefined) record.deletions.push({ messageId: id, askedAt: 1e9, answeredAt: 1e9, verdict: 'accepted' })
      return id !== undefined
    },
  },
  {
    kind: 'came again without a cause',
    what: 'a message that came again long after, while nothing happened',
    spoil(record, pick) {
      // A fault just after an acknowledgement would be a cause.
      const quiet = record.arrivals.filter((one) => record.faults.every(({ from }) => Math.abs(from - one.at) > 3_000))
      const id = at(
        untouched(record).filter((one) => quiet.some(({ messageId }) => messageId === one)),
        pick,
      )
      const last = record.arrivals.findLast(({ messageId }) => messageId === id)
      if (last !== undefined) record.arrivals.push({ ...last, at: last.endedAt + 4_000, endedAt: last.endedAt + 4_001 })
      return last !== undefined
    },
  },
  {
    kind: 'out of order',
    what: 'a message that came before the one in front of it was acknowledged',
    spoil(record, pick) {
      const own = record.arrivals.filter(({ listenerId }) => listenerId === ORDERED)
      const deleted = new Set(record.deletions.map(({ messageId }) => messageId))
      const firsts = [...Map.groupBy(own, ({ messageId }) => messageId).values()].filter(
        ([one]) => !deleted.has(one!.messageId),
      )
      if (firsts.length < 2) return false
      const [before, after] = firsts.slice(pick % (firsts.length - 1))
      after![0]!.at = before![0]!.at - 1
      return true
    },
  },
  {
    kind: 'due time twice',
    what: 'a due time that made two messages',
    spoil(record) {
      record.end!.runs.s!.push({ ...record.end!.runs.s![0]!, messageId: 'id-run-again' })
      stored(record).push({ id: 'id-run-again', token: 'schedule', queue: 'timed', deliveries: [] })
      return true
    },
  },
  {
    kind: 'due time left out',
    what: 'a due time that made none',
    spoil(record, pick) {
      const [run] = record.end!.runs.s!.splice(pick % record.end!.runs.s!.length, 1)
      remove(stored(record), ({ id }) => id === run!.messageId)
      return true
    },
  },
  {
    kind: 'due time misnamed',
    what: 'a delivery that says that it is of another due time',
    spoil(record, pick) {
      const one = at(
        record.arrivals.filter(({ schedule }) => schedule !== null),
        pick,
      )
      one!.schedule!.dueAt += 1
      return true
    },
  },
  {
    kind: 'overlapping',
    what: 'a due time that made a message while the one before it was pending',
    spoil(record) {
      const [first, second] = record.arrivals.filter(({ schedule }) => schedule !== null)
      first!.at = second!.at + 1
      return true
    },
  },
  {
    kind: 'ledger',
    what: 'a ledger that does not balance',
    spoil(record) {
      record.end!.ledger.unaccounted += 1
      return true
    },
  },
  {
    kind: 'incident',
    what: 'a server that ended by itself',
    spoil(record) {
      record.incidents.push({ at: 1, text: 'the server ended by itself' })
      return true
    },
  },
]

describe('the judge', () => {
  test('has nothing against servers that kept every promise, whatever was done to them', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        assert.deepEqual(judge(idealRecord(script)).violations, [])
      }),
      { numRuns: numRuns * 4 },
    )
  })

  for (const { kind, what, spoil } of SPOILS) {
    test(`finds ${what}, wherever it is`, () => {
      let spoiled = 0
      fc.assert(
        fc.property(scripts, fc.nat(1_000), (script, pick) => {
          const record = idealRecord(script)
          if (!spoil(record, pick)) return
          spoiled += 1
          assert.ok(kinds(record).includes(kind), `found ${kinds(record).join(', ') || 'nothing'}`)
        }),
        { numRuns },
      )
      assert.ok(spoiled > numRuns / 3, `only ${spoiled} records could be spoiled`)
    })
  }

  test('names the cause of what came again, and counts it', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const record = idealRecord(script)
        const counted = Object.values(judge(record).duplicates).reduce((sum, count) => sum + count, 0)
        const made = record.faults.length + record.redeliveries.length
        assert.equal(counted, made)
      }),
      { numRuns },
    )
  })

  test('knows an end that never came by its incident, and says nothing of what is stored', () => {
    const record = idealRecord({ posts: [], deleted: [], redelivered: [], killed: [], dueTimes: 2 })
    record.end = null
    record.incidents.push({ at: 5, text: 'nothing happens any more' })
    assert.deepEqual(kinds(record), ['incident'])
  })
})
