import type { MovableClock } from '../../app/clock.ts'
import type { ManualRuntime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import type { Activity } from '../activity.ts'

/** Moves the clock of a manual runtime as the engine comes to rest, one jump after the other. */
export function createMovableClock(deps: {
  runtime: ManualRuntime
  activity: Activity
  store: Pick<Store, 'clock'>
}): MovableClock {
  const { runtime, activity, store } = deps
  let last: Promise<unknown> = Promise.resolve()

  async function jump(ms: number): Promise<number> {
    activity.renewPatience()
    const now = await runtime.advance(ms, () => activity.settled())
    await store.clock.write(now)
    return now
  }

  return {
    advance(ms) {
      const mine = last.then(() => jump(ms))
      last = mine.catch(() => undefined)
      return mine
    },
  }
}
