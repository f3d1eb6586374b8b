/** The order of listeners that want one; accepts, settlements and deletions keep it by themselves. */
export interface OrderStore {
  /**
   * Goes on after missed messages that blocked listeners which do not want that any more, up to `limit` of them. Answers
   * with how many it looked at, 0 where nothing is left to do, and with the listeners that can be sent something now.
   */
  release(ask: { limit: number; now: number }): Promise<Released>
}

export interface Released {
  looked: number
  freedListenerIds: string[]
}
