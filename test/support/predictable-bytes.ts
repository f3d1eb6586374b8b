import { createHash } from 'node:crypto'

/** Randomness for tests: evenly spread, as much as is asked for, and the same on every run. */
export function predictableBytes(seed = 'discue'): (size: number) => Buffer {
  let block = 0
  return (size) => {
    const bytes = Buffer.alloc(size)
    for (let at = 0; at < size; at += 32) createHash('sha256').update(`${seed} ${block++}`).digest().copy(bytes, at)
    return bytes
  }
}
