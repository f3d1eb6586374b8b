/** How much all lanes together may hold, and the most that one of them may. */
const TOTAL_BYTES = 64 * 1024 * 1024
const LANE_BYTES = 4 * 1024 * 1024
/** What a delivery takes beside its data, here and as a lease in the store: without it, small messages would be free. */
export const DELIVERY_BYTES = 1_024

/** Shares the memory for waiting deliveries among the lanes that hold any, so that no backlog takes it all. */
export class MemoryShare {
  #holders = 0

  /** How many bytes each lane may hold now: whole ones, as the store is asked for no more than these. */
  get laneBytes(): number {
    return Math.min(LANE_BYTES, Math.floor(TOTAL_BYTES / Math.max(1, this.#holders)))
  }

  /** A lane that held nothing holds something now. */
  enter(): void {
    this.#holders += 1
  }

  leave(): void {
    this.#holders -= 1
  }
}
