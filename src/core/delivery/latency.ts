/**
 * How long things took: `latencies[bucket]` is how often it was within that bucket. Buckets grow by a tenth each, so
 * that there are few, however many latencies there are, and a percentile is at most 5 % off.
 */
export type Latencies = number[]

const GROWTH = 1.1
/** A year and a quarter is in the last one, and so is everything beyond. */
export const MAX_LATENCY_BUCKET = 255

/** The bucket of a latency in milliseconds; 0 is everything below one. */
export function latencyBucket(ms: number): number {
  return ms < 1 ? 0 : Math.min(1 + Math.floor(Math.log(ms) / Math.log(GROWTH)), MAX_LATENCY_BUCKET)
}

export function addLatency(latencies: Latencies, bucket: number, count: number): void {
  // A list without holes is faster, and equal to every other list of the same counts.
  while (latencies.length <= bucket) latencies.push(0)
  latencies[bucket]! += count
}

export function addLatencies(sum: Latencies, more: Latencies): void {
  for (const [bucket, count] of more.entries()) addLatency(sum, bucket, count)
}

export function latencyCount(latencies: Latencies): number {
  return latencies.reduce((sum, count) => sum + count, 0)
}

/** The latency in whole milliseconds that `share` (0 to 1) of all stayed within; null where there are none. */
export function percentile(latencies: Latencies, share: number): number | null {
  const total = latencyCount(latencies)
  if (total === 0) return null
  const rank = Math.max(1, Math.ceil(share * total))
  let seen = 0
  const within = (count: number) => {
    seen += count
    return seen >= rank
  }
  return middleOf(latencies.findIndex(within))
}

/** The geometric middle: as far from the bucket's lower end as from its upper one. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(GROWTH ** (bucket - 0.5))
}
