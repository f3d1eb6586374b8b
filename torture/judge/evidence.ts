import {
  type Arrival,
  type CampaignRecord,
  type ListenerRecord,
  type MessageCall,
  type PostRecord,
  type StoredMessage,
  type Verdict,
  verdictOf,
} from '../record/record.ts'

/** One thing that should not be; `messageId`, `token` and `listenerId` lead to its history. */
export interface Violation {
  kind: ViolationKind
  text: string
  messageId?: string
  token?: string
  listenerId?: string
}

export type ViolationKind =
  | 'lost'
  | 'left out'
  | 'never arrived'
  | 'still waiting'
  | 'missed too early'
  | 'not for this listener'
  | 'expired without a reason'
  | 'came after it had expired'
  | 'came within a lease'
  | 'discarded without a reason'
  | 'came after it was discarded'
  | 'refused, but there'
  | 'half a batch'
  | 'stored twice'
  | 'came from nowhere'
  | 'deleted, but there'
  | 'came again without a cause'
  | 'out of order'
  | 'due time left out'
  | 'due time twice'
  | 'due time misnamed'
  | 'overlapping'
  | 'ledger'
  | 'incident'

/** A message that a client asked to store: one token of a post. */
export interface Asked {
  token: string
  key: string | null
  color: string | null
  post: PostRecord
  /** Its place in its batch. */
  index: number
  verdict: Verdict
  /** It was stored no sooner and, where it was accepted, no later. */
  from: number
  until: number
  /** Its id, where an answer said it. */
  id: string | null
}

/** The record, with what its parts say of each other. */
export interface Evidence {
  record: CampaignRecord
  asked: ReadonlyMap<string, Asked>
  /** Of each message, what came to receivers, in time. */
  arrivals: ReadonlyMap<string, readonly Arrival[]>
  /** Messages that are stored in the end, by their ids. */
  stored: ReadonlyMap<string, StoredMessage>
  /** Ids of messages by their token, stored in the end or seen by a receiver. */
  idsOf: ReadonlyMap<string, ReadonlySet<string>>
  deletions: ReadonlyMap<string, readonly MessageCall[]>
  redeliveries: ReadonlyMap<string, readonly MessageCall[]>
  listeners: ReadonlyMap<string, ListenerRecord>
  /** Tokens of schedules, whose messages all have the same. */
  scheduled: ReadonlySet<string>
}

export function evidenceOf(record: CampaignRecord): Evidence {
  const stored = new Map((record.end?.messages ?? []).map((message) => [message.id, message]))
  const inTime = record.arrivals.toSorted((one, other) => one.at - other.at)
  return {
    record,
    asked: new Map(record.posts.flatMap(askedOf).map((asked) => [asked.token, asked])),
    arrivals: Map.groupBy(inTime, ({ messageId }) => messageId),
    stored,
    idsOf: idsByToken([...stored.values(), ...inTime.map(({ messageId: id, token }) => ({ id, token }))]),
    deletions: Map.groupBy(record.deletions, ({ messageId }) => messageId),
    redeliveries: Map.groupBy(record.redeliveries, ({ messageId }) => messageId),
    listeners: new Map(record.listeners.map((listener) => [listener.id, listener])),
    scheduled: new Set(record.schedules.map(({ token }) => token)),
  }
}

function askedOf(post: PostRecord): Asked[] {
  const verdict = verdictOf(post)
  const accepted = post.tries.filter((one) => one.verdict === 'accepted')
  const from = Math.min(...post.tries.map(({ askedAt }) => askedAt))
  const until = Math.min(...accepted.map(({ answeredAt }) => answeredAt), Number.POSITIVE_INFINITY)
  return post.tokens.map((token, index) => {
    const own = { key: post.keys[index] ?? null, color: post.colors[index] ?? null, id: post.ids?.[index] ?? null }
    return { token, ...own, post, index, verdict, from, until }
  })
}

function idsByToken(seen: readonly { id: string; token: string }[]): Map<string, Set<string>> {
  const ids = new Map<string, Set<string>>()
  for (const { id, token } of seen) {
    const known = ids.get(token)
    if (known) known.add(id)
    else ids.set(token, new Set([id]))
  }
  return ids
}

/** Whether a node's clock was set: it then tells another time than the record, by which nothing of it can be judged. */
export function wasClockSet({ faults }: CampaignRecord): boolean {
  return faults.some(({ kind }) => kind === 'clock jump')
}

/** Whether a client asked to delete the message, whatever came of that. */
export function wasDeleted(
  { deletions }: Pick<Evidence, 'deletions'>,
  messageId: string,
  before = Number.POSITIVE_INFINITY,
): boolean {
  return (deletions.get(messageId) ?? []).some(({ askedAt, verdict }) => verdict !== 'refused' && askedAt <= before)
}
