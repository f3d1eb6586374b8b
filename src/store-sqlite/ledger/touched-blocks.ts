/** Messages that the ledger counts together, by their sequence. */
export const MESSAGES_A_BLOCK = 1_024
/** More than this is remembered as everything. */
const MAX_BLOCKS = 100_000

export function blockOf(sequence: number): number {
  return Math.floor(sequence / MESSAGES_A_BLOCK)
}

/**
 * Which blocks may be counted differently since the ledger's reader last asked; memory is enough, as counts live no
 * longer.
 */
export class TouchedBlocks {
  #blocks: Set<number> | null = new Set()
  #last = -1

  /** Within the transaction that changes what became of a message. */
  mark(sequence: number): void {
    const block = blockOf(sequence)
    if (block === this.#last || this.#blocks === null) return
    this.#last = block
    this.#blocks.add(block)
    if (this.#blocks.size > MAX_BLOCKS) this.#blocks = null
  }

  /** The blocks that were touched since the last call; null means that any may be. */
  drain(): number[] | null {
    const blocks = this.#blocks
    this.#blocks = new Set()
    this.#last = -1
    return blocks === null ? null : [...blocks]
  }
}
