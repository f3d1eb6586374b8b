import { performance } from 'node:perf_hooks'

// performance.now() reads the machine's monotonic clock, as process.hrtime does, but counts from the start of this
// process and makes no garbage. The difference is a constant: measured once, it gives a time that every process of
// this machine agrees on.
const offset = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000

/** Microseconds of the machine's monotonic clock: comparable between processes, unrelated to the time of day. */
export function monotonicMicros(): number {
  return Math.round(offset + performance.now() * 1000)
}
