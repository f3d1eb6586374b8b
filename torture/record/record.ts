import type { FaultKind } from '../plan/plan.ts'

/** What the torture knows by itself of a campaign; times are milliseconds since its beginning. */
export interface CampaignRecord {
  listeners: ListenerRecord[]
  posts: PostRecord[]
  /** Deletions of messages. */
  deletions: MessageCall[]
  redeliveries: MessageCall[]
  discards: DiscardRecord[]
  arrivals: Arrival[]
  faults: FaultRecord[]
  schedules: ScheduleRecord[]
  /** What was seen to be wrong while it ran: a ledger that did not balance, a node that ended by itself. */
  incidents: { at: number; text: string }[]
  end: EndState | null
}

/**
 * What came of a request: `accepted` (200), `refused` (the server said that it did nothing, or never had it), or `unknown`
 * (no answer, or one that says so).
 */
export type Verdict = 'accepted' | 'refused' | 'unknown'

export interface Call {
  askedAt: number
  /** Infinity while it is not answered, and where it never was. */
  answeredAt: number
  verdict: Verdict
}

export interface MessageCall extends Call {
  messageId: string
}

/** Deliveries of a queue that were to be discarded. */
export interface DiscardRecord extends Call {
  queue: string
  /** Null: to all listeners. */
  listenerId: string | null
  /** How they stood; null: all that was not delivered. */
  status: string | null
  /** When the server said that it was done; infinity where it was not heard to. */
  doneAt: number
}

export interface ListenerRecord {
  id: string
  name: string
  queue: string
  ordering: 'none' | 'queue' | 'key'
  pull: boolean
  /** Whether its deliveries may end as missed. */
  mayMiss: boolean
  /** It is for messages of this color alone; null: for all. */
  color: string | null
  timeoutMs: number
  created: Call
  /** Null: it was never asked for. */
  deleted: Call | null
}

/** One request to store messages, with what came of each time that it was sent. */
export interface PostRecord {
  queue: string
  /** Says in the data of each message which it is; nothing else has the same. */
  tokens: string[]
  /** The key of the order that each message is in. */
  keys: (string | null)[]
  /** The color that each message has in its data, which filters look at. */
  colors: (string | null)[]
  /** How long after its acceptance each of them expires; null: never. */
  expiresInMs: number | null
  /** Ids of the messages, in the order of the tokens, where an answer said them. */
  ids: string[] | null
  tries: Call[]
}

/** A message that came to a receiver, or that a pull answered. */
export interface Arrival {
  listenerId: string
  messageId: string
  token: string
  at: number
  /** When it was answered; infinity where it was not. */
  endedAt: number
  /**
   * Of a pulled message: acknowledged where the answer said so, `unknown` where no answer came, failed where it was returned
   * or left to its lease.
   */
  outcome: 'acknowledged' | 'failed' | 'unknown'
  /** Which attempt the server says it is; a lease that ran out, or was left behind, is none that it counts. */
  attempt: number
  /** The number in its listener's order, where it has one. */
  sequence: number | null
  /** Of a pulled message: until when no other client may get it, at least; 0 for what is sent, or was returned. */
  leasedUntil: number
  /** What the headers of a delivery say of its schedule: its name, the due time (since the Unix epoch), and its own header. */
  schedule: { name: string; dueAt: number; own: string | null } | null
}

export interface FaultRecord {
  kind: FaultKind
  node: number
  from: number
  until: number
}

export interface ScheduleRecord {
  id: string
  name: string
  /** The token of all its messages. */
  token: string
  queue: string
  everyMs: number
  catchUp: string
  /** A due time makes no message while the one before it is pending. */
  overlap: 'allow' | 'skip'
  /** The value that its deliveries have in the header of the torture; null: none. */
  header: string | null
  /** Milliseconds since the Unix epoch. */
  createdAt: number
  /** The latest due time that had run before it was paused at the end: those before it must have; since the Unix epoch. */
  lastRunAt: number
}

export interface LedgerCounts {
  accepted: number
  delivered: number
  pending: number
  scheduled: number
  missed: number
  discarded: number
  unaccounted: number
}

/** What the servers said after everything was healed, and had come to rest. */
export interface EndState {
  messages: StoredMessage[]
  ledger: LedgerCounts
  /** Of each schedule, by its id. */
  runs: Record<string, { dueAt: number; messageId: string | null }[]>
  /** What the servers say of attempts, by the message, where a message came again and the record alone does not say why. */
  attempts: Record<string, StoredAttempt[]>
  /** What `discue verify` said, where the store has a file: its counts, and what is wrong. */
  verification: { counts: LedgerCounts; faults: string[] } | null
}

export interface StoredAttempt {
  listenerId: string
  number: number
  durationMs: number
  /** Null where it was answered. */
  error: string | null
}

export interface StoredMessage {
  id: string
  token: string
  queue: string
  deliveries: { listenerId: string; status: string }[]
}

export function emptyRecord(): CampaignRecord {
  return {
    ...{ listeners: [], posts: [], deletions: [], redeliveries: [], discards: [], arrivals: [] },
    ...{ faults: [], schedules: [], incidents: [], end: null },
  }
}

/** What came of a post in all: one try that was accepted is enough, and one of which nothing is known leaves it open. */
export function verdictOf({ tries }: Pick<PostRecord, 'tries'>): Verdict {
  if (tries.some(({ verdict }) => verdict === 'accepted')) return 'accepted'
  return tries.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'refused'
}
