import type { Latencies } from '../../core/delivery/latency.ts'

const COUNT_BYTES = 4

/** The first bucket that is not empty in one byte, then the counts from there on, four bytes each. */
export function latencyBytes(latencies: Latencies): Uint8Array {
  const first = Math.max(
    0,
    latencies.findIndex((count) => count > 0),
  )
  const bytes = new DataView(new ArrayBuffer(1 + (latencies.length - first) * COUNT_BYTES))
  bytes.setUint8(0, first)
  for (let bucket = first; bucket < latencies.length; bucket++) {
    bytes.setUint32(1 + (bucket - first) * COUNT_BYTES, latencies[bucket]!, true)
  }
  return new Uint8Array(bytes.buffer)
}

export function latenciesIn(bytes: Uint8Array | null): Latencies {
  if (bytes === null) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const latencies: Latencies = new Array(view.getUint8(0)).fill(0)
  for (let at = 1; at < bytes.length; at += COUNT_BYTES) latencies.push(view.getUint32(at, true))
  return latencies
}
