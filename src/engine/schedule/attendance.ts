import type { Runtime } from '../../runtime.ts'
import type { Attendant, ScheduleStore } from '../../store/schedules.ts'

/** A living node renews its leases every 5 s; this much later it has not done so. */
const SILENT_AFTER_MS = 8_000
const LOOK_EVERY_MS = 500
/** After the store could not be asked. */
const RETRY_MS = 1_000

/**
 * Knows since when a node has been there for what falls due, without a gap: whatever was due before was missed. Of
 * several nodes that is the same for all: a node that comes while another one is there was not needed before.
 */
export interface Attendance {
  /** Epoch ms; null while it is not known whether the other nodes live or have only left their leases. */
  readonly since: number | null
  /** This node is there from now on: it was started, or has slept. Not again while it is still finding out. */
  begin(): void
  /** The clock went back: it was never there later than now. */
  wentBack(): void
  stop(): void
}

export function createAttendance(deps: {
  store: Pick<ScheduleStore, 'attendants' | 'attend'>
  node: string
  runtime: Pick<Runtime, 'now' | 'upkeep' | 'log'>
  /** `since` is known now. */
  known: () => void
}): Attendance {
  const { store, node, runtime, known } = deps
  let since: number | null = null
  let finding = false
  let stopped = false

  const pause = (ms: number) => new Promise<void>((resolve) => runtime.upkeep(ms, resolve))

  /** Those who were there before this node, and have shown a sign of life since. */
  async function living(before: readonly Attendant[]): Promise<Attendant[]> {
    const lastSign = new Map(before.map((one) => [one.node, one.aliveUntil]))
    for (let waitedMs = 0; waitedMs < SILENT_AFTER_MS && !stopped; waitedMs += LOOK_EVERY_MS) {
      await pause(LOOK_EVERY_MS)
      const others = (await store.attendants({ node, now: runtime.now() })) ?? []
      const alive = others.filter((one) => one.aliveUntil > (lastSign.get(one.node) ?? -Infinity))
      if (alive.length > 0 || others.length === 0) return alive
    }
    return []
  }

  async function find(begunAt: number): Promise<void> {
    const before = await store.attendants({ node, now: runtime.now() })
    const alive = before === null || before.length === 0 ? [] : await living(before)
    const found = Math.min(begunAt, ...alive.map((one) => one.since))
    await store.attend({ node, since: found })
    since = found
  }

  async function findUntilFound(begunAt: number): Promise<void> {
    while (!stopped && since === null) {
      await find(begunAt).catch(async (error: unknown) => {
        runtime.log.error({ err: error }, 'whether other nodes run the schedules could not be found out')
        await pause(RETRY_MS)
      })
    }
    finding = false
    if (!stopped) known()
  }

  return {
    get since() {
      return since
    },
    begin() {
      if (finding) return
      finding = true
      since = null
      void findUntilFound(runtime.now())
    },
    wentBack() {
      if (since === null || since <= runtime.now()) return
      since = null
      this.begin()
    },
    stop() {
      stopped = true
    },
  }
}
