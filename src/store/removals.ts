export interface RemovalStore {
  /**
   * Removes up to `limit` rows of what was deleted with an organization, a queue or a listener, whatever tables they
   * are in. Answers with how many it removed; 0 means that nothing is left to do.
   */
  sweep(ask: { limit: number }): Promise<number>
}
