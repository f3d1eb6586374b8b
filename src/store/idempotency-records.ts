/** The answer to a request that carried an `Idempotency-Key`, kept so that a repetition gets the same one. */
export interface IdempotencyRecord {
  organizationId: string
  /** Method and path, such as `POST /queues/…/messages`. */
  target: string
  /** What the caller chose. */
  key: string
  /** Hexadecimal SHA-256 of the request's body, which must be the same in a repetition. */
  digest: string
  status: number
  /** JSON, without the key or secret that the first answer may have shown. */
  body: string
  storedAt: number
  expiresAt: number
}

/** Which of an organization's records: they are counted in this order. */
export interface RecordPosition {
  target: string
  key: string
}

interface RecordCount {
  count: number
  last: RecordPosition | null
}

export interface IdempotencyRecordStore {
  /** What was kept and has not expired by `now`. */
  find(ask: { organizationId: string; target: string; key: string; now: number }): Promise<IdempotencyRecord | null>
  /**
   * Keeps an answer that has no effect to be stored with. `answered`: another one, not expired when this one was
   * made, has its place, and stays.
   */
  keep(answer: IdempotencyRecord): Promise<'kept' | 'answered'>
  /**
   * Counts up to `limit` of the organization's records after one of them (null: from the first), expired ones too; `last`
   * is where to go on, null where there are no more.
   */
  count(ask: { organizationId: string; after: RecordPosition | null; limit: number }): Promise<RecordCount>
  /** Removes up to `limit` answers that have expired; answers with how many. */
  removeExpired(ask: { now: number; limit: number }): Promise<number>
}
