import type { LivenessChange } from '../api/liveness.ts'
import type { LivenessState } from '../api/types.ts'

/** A time in which a listener was the same. */
export interface Stretch {
  state: LivenessState
  start: number
  end: number
  message?: string
}

/**
 * What a listener was from `since` to `until`, without a gap, the oldest first. `changes` come the latest first;
 * `state` is what it is where nothing has changed in that time.
 */
export function stretchesOf(
  changes: readonly LivenessChange[],
  state: LivenessState,
  { since, until }: { since: number; until: number },
): Stretch[] {
  const within = changes.filter(({ at }) => at > since && at <= until).toReversed()
  const before = changes.find(({ at }) => at <= since)
  const first = within[0]?.from ?? before?.state ?? state
  const stretches: Stretch[] = [{ state: first, start: since, end: until, ...messageOf(before) }]
  for (const change of within) {
    stretches.at(-1)!.end = change.at
    stretches.push({ state: change.state, start: change.at, end: until, ...messageOf(change) })
  }
  return stretches
}

function messageOf(change: LivenessChange | undefined): { message?: string } {
  return change?.message === undefined ? {} : { message: change.message }
}

/** Milliseconds in each state, the longest first; those that it never had are left out. */
export function timesOf(stretches: readonly Stretch[]): [LivenessState, number][] {
  const times = new Map<LivenessState, number>()
  for (const { state, start, end } of stretches) times.set(state, (times.get(state) ?? 0) + end - start)
  return [...times].filter(([, ms]) => ms > 0).toSorted((a, b) => b[1] - a[1])
}
