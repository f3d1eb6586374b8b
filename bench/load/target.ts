import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProcess } from '../measure/process.ts'
import type { Range, TallyFigures } from '../measure/tally.ts'
import { here } from './place.ts'

/** What the receiver tells of a round. */
export interface Received extends TallyFigures {
  hung: number
  failed: number
}

/** The receiver's process, as the scenarios see it. */
export interface Target extends AsyncDisposable {
  /** The first of those below. */
  ok: string
  /** So many places that take messages, each of which counts by itself. */
  places(count: number): string[]
  hang: string
  fail: string
  /** A URL of a port on which no process listens. */
  refuse: string
  /** `lanes` of its places take the messages of the range. */
  reset(range: Range, lanes: number): Promise<void>
  stats(): Promise<Received>
  /** Resolves when `count` distinct messages have come, or none has for 20 s. */
  untilReceived(count: number): Promise<void>
}

const POLL_MS = 50
const STALLED_AFTER_POLLS = 400

/** Starts the receiver on a free port. */
export async function startTarget(): Promise<Target> {
  const receiver = startProcess('the receiver', [here('receiver.ts'), '0'])
  const { port } = JSON.parse(await receiver.firstLine()) as { port: number }
  const origin = `http://127.0.0.1:${port}`

  async function stats(): Promise<Received> {
    receiver.mustRun()
    return (await (await fetch(`${origin}/stats`)).json()) as Received
  }
  async function untilReceived(count: number): Promise<void> {
    let [distinct, stalledFor] = [-1, 0]
    while (distinct < count && stalledFor < STALLED_AFTER_POLLS) {
      const now = (await stats()).distinct
      stalledFor = now === distinct ? stalledFor + 1 : 0
      distinct = now
      if (distinct < count) await sleep(POLL_MS)
    }
  }
  return {
    ok: `${origin}/ok/0`,
    places: (count) => Array.from({ length: count }, (_, place) => `${origin}/ok/${place}`),
    hang: `${origin}/hang`,
    fail: `${origin}/fail`,
    refuse: `http://127.0.0.1:${await closedPort()}/refused`,
    reset: async ({ first, count }, lanes) => {
      await fetch(`${origin}/reset?first=${first}&count=${count}&lanes=${lanes}`, { method: 'POST' })
    },
    stats,
    untilReceived,
    [Symbol.asyncDispose]: receiver.stop,
  }
}

/** The kernel hands ports out in turn, so that this one is not given to another process for a long time. */
async function closedPort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
