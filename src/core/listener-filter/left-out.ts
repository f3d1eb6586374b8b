/**
 * Which listeners of a queue a message does not fit: a bit for each, in the order in which the queue has them (of their ids),
 * the lowest of each byte first. A thousand listeners take 125 bytes.
 */
export type LeftOut = Uint8Array

const BITS = 8

/** Of so many listeners, those for which `isLeftOut` answers true; null where it never does. */
export function leftOutOf(count: number, isLeftOut: (index: number) => boolean): LeftOut | null {
  let bits: LeftOut | null = null
  for (let index = 0; index < count; index++) {
    if (!isLeftOut(index)) continue
    bits ??= new Uint8Array(Math.ceil(count / BITS))
    bits[index >> 3]! |= 1 << (index & 7)
  }
  return bits
}

/** Whether the listener at this place of the queue's is left out; null leaves none out. */
export function isLeftOut(bits: LeftOut | null, index: number): boolean {
  return bits !== null && ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
}

/** Those of a queue's listeners, or of what stands for them, that the message is for. */
export function withoutLeftOut<Of>(all: readonly Of[], bits: LeftOut | null): readonly Of[] {
  return bits === null ? all : all.filter((_, index) => !isLeftOut(bits, index))
}

/** Those that it is not for. */
export function onlyLeftOut<Of>(all: readonly Of[], bits: LeftOut | null): Of[] {
  return bits === null ? [] : all.filter((_, index) => isLeftOut(bits, index))
}

/** How many it leaves out. */
export function leftOutCount(bits: LeftOut | null): number {
  let count = 0
  for (let left of bits ?? []) for (; left !== 0; left &= left - 1) count += 1
  return count
}
