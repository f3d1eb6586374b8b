import type { MeasuredProcess } from './process.ts'
import { treeCpuSeconds, treeFigures } from './process-tree.ts'

/** What a contender takes of the machine: all processes that it needs, its database included. */
export interface Cost extends Disposable {
  cpuSeconds(): number
  /** The most memory that was seen so far, looked at every second. */
  peakBytes(): number
  /** Memory now. */
  bytes(): number
}

const SAMPLE_MS = 1000

/** Watches the processes, and whatever they start, until disposed. */
export function measureCost(processes: readonly MeasuredProcess[]): Cost {
  const pids = processes.map(({ pid }) => pid)
  let peak = 0
  const bytes = () => {
    const now = treeFigures(pids).residentBytes
    peak = Math.max(peak, now)
    return now
  }
  const timer = setInterval(bytes, SAMPLE_MS)
  return {
    cpuSeconds: () => treeCpuSeconds(pids),
    peakBytes() {
      bytes()
      return peak
    },
    bytes,
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
