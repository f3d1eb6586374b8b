/** How much all lanes together may hold, and the most that one of them may. */
const TOTAL_BYTES = 64 * 1024 * 1024
const LANE_BYTES = 4 * 1024 * 1024
/** What a delivery takes beside its data, here and as a lease in the store: without it, small messages would be free. */
export const DELIVERY_BYTES = 1_024

/**
 * Shares the memory for waiting deliveries among the organizations that have any, and what each gets among its lanes, so
 * that neither one backlog nor a thousand of one organization take it all.
 */
export class MemoryShare {
  /** Lanes that hold something, by organization. */
  readonly #holders = new Map<string, number>()

  /** How many bytes each lane of the organization may hold now: whole ones, as the store is asked for no more than these. */
  laneBytes(organizationId: string): number {
    const organizationBytes = TOTAL_BYTES / Math.max(1, this.#holders.size)
    return Math.floor(Math.min(LANE_BYTES, organizationBytes / (this.#holders.get(organizationId) ?? 1)))
  }

  /** A lane of the organization that held nothing holds something now. */
  enter(organizationId: string): void {
    this.#holders.set(organizationId, (this.#holders.get(organizationId) ?? 0) + 1)
  }

  leave(organizationId: string): void {
    const left = this.#holders.get(organizationId)! - 1
    if (left === 0) this.#holders.delete(organizationId)
    else this.#holders.set(organizationId, left)
  }
}
