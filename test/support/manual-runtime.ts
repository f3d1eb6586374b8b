import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createIdFactory } from '../../src/core/id.ts'
import { ManualClock } from '../../src/core/schedule/manual-clock.ts'
import { WallClock } from '../../src/core/schedule/wall-clock.ts'
import type { Log, Runtime } from '../../src/runtime.ts'
import { predictableBytes } from './predictable-bytes.ts'

export interface LoggedLine {
  level: keyof Log
  fields: Record<string, unknown>
  message: string
}

/** A runtime in which nothing happens by itself: time stands still until the test moves it. */
export interface ManualRuntime extends Runtime {
  /**
   * Moves the clock by `ms`, running every timer that falls due on the way in the order of time, each at its own
   * time, and letting what it started come to rest before the next.
   */
  advance(ms: number): Promise<void>
  /**
   * The clock on the wall is set by `byMs` (below 0: back), or the machine has slept for so long: no timer has come
   * closer. Resolves when what has noticed it has come to rest.
   */
  leap(byMs: number): Promise<void>
  /** Lets everything that was started come to rest, as far as it needs no time to pass. */
  rest(): Promise<void>
  /** Comes back as soon as `holds` does, without moving the clock; throws with `what` where it never does. */
  until(holds: () => boolean, what: string): Promise<void>
  lines: LoggedLine[]
  /** Messages of what was logged as an error, in order. */
  errors(): string[]
  assertNoErrors(): void
}

/** More turns than anything here needs in a row: a commit takes one, an answer two. */
const TURNS_TO_REST = 20
const MAX_TURNS = 20_000
const MAX_TIMERS = 10_000

/** `busy` says whether something is under way that other threads or processes do, which is waited for as well. */
export function createManualRuntime(startAt: number, seed = 1, busy: () => boolean = () => false): ManualRuntime {
  const clock = new ManualClock(startAt)
  /** By how much the wall clock was set against what timers go by. */
  let leaptMs = 0
  const now = () => clock.now + leaptMs
  const after = (delayMs: number, run: () => void) => clock.after(delayMs, run)
  // Compared when the test moves the clock: a timer for each second would be most of what there is.
  const wall = new WallClock({ now, elapsedMs: () => clock.now, after, watched: false })
  const randomBytes = predictableBytes(`runtime ${seed}`)
  const { log, lines } = createLoggedLines()
  const errors = () => lines.filter((line) => line.level === 'error').map((line) => line.message)

  async function advance(ms: number): Promise<void> {
    const target = clock.now + ms
    const arrived = clock.heading(target)
    await rest()
    for (let ran = 0; clock.fireNext(target); ran++) {
      assert.ok(ran < MAX_TIMERS, 'timers without end: something runs in a hot loop')
      await rest()
    }
    arrived()
  }

  async function rest(): Promise<void> {
    for (let turns = 0; turns < TURNS_TO_REST; turns++) {
      await turn()
      for (; busy(); turns = 0) await sleep(1)
    }
  }

  return {
    now,
    after,
    // Here all that happens is to be seen, at its time.
    upkeep: after,
    at: (time, run) => wall.at(time, run),
    onLeap: (hear) => wall.onLeap(hear),
    horizon: () => clock.horizon + leaptMs,
    elapsedMs: () => clock.now,
    random: seededRandom(seed),
    randomBytes,
    newId: createIdFactory({ now, randomBytes }),
    log,
    lines,
    errors,
    assertNoErrors: () => assert.deepEqual(lines.filter((line) => line.level === 'error').map(described), []),
    rest,
    advance,
    async leap(byMs) {
      leaptMs += byMs
      wall.compare()
      await advance(0)
    },
    async until(holds, what) {
      for (let turns = 0; !holds(); turns++) {
        assert.ok(turns < MAX_TURNS, `never happened: ${what}`)
        await turn()
        while (busy() && !holds()) await sleep(1)
      }
    },
  }
}

/** A log that keeps what it is told. */
export function createLoggedLines(): { log: Log; lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const line = (level: keyof Log) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message })
  return { log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }, lines }
}

function described({ message, fields }: LoggedLine): string {
  return `${message}: ${String(fields.err ?? JSON.stringify(fields))}`
}

/** One turn of the event loop, with every promise that can be settled in it. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** mulberry32: small, fast, evenly spread, and the same on every run. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
