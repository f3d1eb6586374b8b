import type { MeasuredProcess } from './process.ts'

/** Resident memory at a time; seconds since the watch began. */
export interface MemorySample {
  second: number
  bytes: number
}

const SAMPLE_MS = 1000

/** Looks at a server's resident memory every second, now included, until disposed. */
export function watchMemory(server: MeasuredProcess): Disposable & { samples: MemorySample[] } {
  const samples: MemorySample[] = []
  const look = () => samples.push({ second: samples.length, bytes: server.residentBytes() })
  look()
  const timer = setInterval(look, SAMPLE_MS)
  return { samples, [Symbol.dispose]: () => clearInterval(timer) }
}
