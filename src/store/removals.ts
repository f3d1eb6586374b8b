export interface RemovalStore {
  /**
   * Removes up to `limit` rows of what was deleted with an organization, a queue or a listener, whatever tables they
   * are in. Answers with how many it removed; 0 means that nothing is left to do.
   */
  sweep(ask: { limit: number }): Promise<number>
  /**
   * Looks at up to `limit` messages in the order of their acceptance, beginning after the sequence `after`, and removes
   * those of which nothing is pending and that were accepted, due and last attempted before `before`. Answers where
   * to go on, and whether it is done for now: all that is left is younger.
   */
  expire(ask: { now: number; before: number; after: number; limit: number }): Promise<Expired>
}

interface Expired {
  removed: number
  after: number
  done: boolean
}
