const real = Date.now
let behindMs = 0

/**
 * Has the wall clock of this process run so far behind, from which a server that it starts takes its time: a day can be
 * lived through in seconds. Timers stay real. It may only become less, and zero is the machine's own time again.
 */
export function runBehind(ms: number): void {
  behindMs = ms
  // The server keeps the function that it finds at its start, so it must be this one before and after.
  Date.now = () => real() - behindMs
}

export function behindNow(): number {
  return behindMs
}
