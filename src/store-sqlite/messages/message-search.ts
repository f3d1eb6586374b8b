import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Message } from '../../core/delivery/message.ts'
import { dataFits } from '../../core/search/data-search.ts'
import {
  asksForContent,
  asksForDeliveries,
  fitsByDeliveries,
  type MessageFilter,
} from '../../core/search/message-filter.ts'
import type { MessageDetails, MessageSearchPart, MessageStore } from '../../store/messages.ts'
import type { RecipientRow, RecipientSets } from '../deliveries/recipient-sets.ts'
import { STATEMENT_UNITS, TimeSlices } from '../file/time-slices.ts'
import type { DeliverySummaries } from './delivery-summaries.ts'
import { HAS_DISCARDS, likelihoodOf } from './message-likelihood.ts'
import type { MessagesAcross } from './messages-across.ts'

/** What is looked at comes before the data in a row, which may be large. */
const CANDIDATE = `
  m.sequence, m.id, m.queue_id as queueId, m.audience as recipientSet, m.left_out as leftOut, m.name, m.key,
  m.created_at as createdAt, m.deliver_at as deliverAt`

/** The data is read where it is asked for, and only then. Bytes are kept as base64, in which no text is looked for. */
const CONTENT = `
  octet_length(m.data) as bytes,
  (m.media_type is null or m.media_type not like '%;base64') and (:contains is null or instr(m.data, :contains) > 0) as holds`
const NO_CONTENT = `0 as bytes, 1 as holds`

function candidates(filter: MessageFilter, where: string): string {
  const content = asksForContent(filter) ? CONTENT : NO_CONTENT
  const discards = filter.status === 'discarded' ? HAS_DISCARDS : '0'
  return `select ${CANDIDATE}, ${discards} as hasDiscards, (${likelihoodOf(filter)}) as likely, ${content} from messages m where ${where}`
}

const BY_NAME = 'and m.name = :name'
const BY_KEY = 'and m.key = :key'
const ONE = 'm.queue_id = :queueId and m.id = :id'
const OF_QUEUE = (more: string) => `
  m.queue_id = :queueId ${more} and m.id >= :from and m.id < :before order by m.id desc limit :examine`

const LISTENERS = `select id from listeners where queue_id = ?`

type Candidate = Pick<Message, 'sequence' | 'id' | 'queueId' | 'name' | 'key' | 'createdAt' | 'deliverAt'> &
  RecipientRow & {
    likely: 0 | 1
    bytes: number
    holds: 0 | 1
    hasDiscards: 0 | 1
  }
type Ask = Parameters<MessageStore['search']>[0]

interface SearchParts {
  summaries: DeliverySummaries
  recipientSets: RecipientSets
  across: MessagesAcross
  read: (candidate: { queueId: string; id: string }) => Message
}

/** Finds messages by what they are, the newest first, looking at a bounded number of them. */
export function createMessageSearch(db: DatabaseSync, { summaries, recipientSets, across, read }: SearchParts) {
  const listeners = db.prepare(LISTENERS)
  const statements = new Map<string, StatementSync>()

  /** There are as many as ways to look, times statuses to look for. */
  function statementOf(sql: string): StatementSync {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const made = db.prepare(sql)
    made.setAllowUnknownNamedParameters(true)
    statements.set(sql, made)
    return made
  }

  /**
   * Says of a message whether it may be meant, by whom it is for. Many messages have the same recipient set, of which some
   * have thousands of listeners: each is looked at once.
   */
  function mayHave({ filter }: Ask): (candidate: Candidate) => boolean {
    const { status, listenerId } = filter
    if (status === 'unrouted') {
      return (candidate) => listenerId === null && recipientSets.recipientsOf(candidate).length === 0
    }
    if (status !== 'discarded' && listenerId === null) return () => true
    const known = new Map<string, boolean>()
    return ({ recipientSet, queueId, hasDiscards }) => {
      const what = `${recipientSet} ${hasDiscards}`
      let may = known.get(what)
      if (may === undefined) {
        const { listenerIds } = recipientSets.read(recipientSet)
        may = listenerId === null || listenerIds.includes(listenerId)
        if (status === 'discarded') may &&= hasDiscards === 1 || hasDeleted(listenerIds, queueId)
        known.set(what, may)
      }
      return may
    }
  }

  function hasDeleted(recipients: readonly string[], queueId: string): boolean {
    const existing = new Set(listeners.all(queueId).map(({ id }) => id as string))
    return recipients.some((id) => !existing.has(id))
  }

  /** The message in full where it fits. What is cheap to find out comes first. */
  function match(candidate: Candidate, { filter, only, now }: Ask): MessageDetails | null {
    if (candidate.likely === 0 || candidate.holds === 0) return null
    if (filter.key !== null && candidate.key !== filter.key) return null
    if (filter.name !== null && candidate.name !== filter.name) return null
    if (only !== null && !only.includes(candidate.queueId) && !only.includes(candidate.id)) return null
    const early = filter.data.length === 0 ? null : read(candidate)
    if (early !== null && !dataFits(early.data, filter.data)) return null
    const deliveries = summaries.of(candidate)
    if (asksForDeliveries(filter) && !fitsByDeliveries(candidate, deliveries, filter, now)) return null
    return { message: { ...(early ?? read(candidate)) }, deliveries }
  }

  /** One call's work; `add` says whether it goes on. */
  function collecting(ask: Ask) {
    const may = mayHave(ask)
    const part: MessageSearchPart = { entries: [], next: null, looked: 0, bytes: 0 }
    const add = (candidate: Candidate): boolean => {
      part.looked += 1
      part.bytes += candidate.bytes
      const details = may(candidate) ? match(candidate, ask) : null
      if (details !== null) part.entries.push(details)
      if (part.entries.length < ask.limit && part.bytes < ask.examineBytes) return true
      part.next = candidate.id
      return false
    }
    return { part, add }
  }

  function inQueue(ask: Ask): MessageSearchPart {
    const { filter, examine } = ask
    const where = filter.name !== null ? BY_NAME : filter.key !== null ? BY_KEY : ''
    const statement = statementOf(candidates(filter, OF_QUEUE(where)))
    const { part, add } = collecting(ask)
    let last: string | null = null
    for (const row of statement.iterate(valuesOf(ask)) as unknown as Iterable<Candidate>) {
      if (!add(row)) return part
      last = row.id
    }
    return { ...part, next: part.looked === examine ? last : null }
  }

  /** The newest of all queues, looked at in short pieces. */
  async function inAll(ask: Ask): Promise<MessageSearchPart> {
    const { organizationId, only, filter, before, from, examine } = ask
    const { name, key } = filter
    const found = await across({ organizationId, only, before, offset: 0, limit: examine, name, key })
    const one = statementOf(candidates(filter, ONE))
    const { part, add } = collecting(ask)
    const slices = new TimeSlices()
    const statements = asksForDeliveries(filter) ? STATEMENTS_OF_DELIVERIES : STATEMENTS
    for (const place of found) {
      if (place.id < from) return part
      const row = one.get({ ...valuesOf(ask), ...place }) as unknown as Candidate | undefined
      if (row !== undefined && !add(row)) return part
      if (slices.due(statements * STATEMENT_UNITS + (row?.bytes ?? 0) / BYTES_A_UNIT)) await slices.pause()
    }
    return { ...part, next: found.length === examine ? found.at(-1)!.id : null }
  }

  return { inQueue, inAll }
}

/** What a candidate costs, in statements: finding and reading it, or finding out how its deliveries stand as well. */
const STATEMENTS = 2
const STATEMENTS_OF_DELIVERIES = 8
/** Data that is looked through in the time of one entry of an index. */
const BYTES_A_UNIT = 100

function valuesOf({ queueId, from, before, examine, now, filter }: Ask) {
  const { name, key, contains } = filter
  return { queueId, from, before, examine, now, name, key, contains }
}
