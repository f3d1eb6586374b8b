import type { ManualRuntime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { Sender } from './client/sender.ts'

/** How long a jump of the clock waits for one attempt; after that it goes on, and the attempt may end by its timeout. */
const ATTEMPT_PATIENCE_MS = 1_000
/** Attempts of one jump that are waited for so long; those after them are given the short time. */
const PATIENT_ATTEMPTS = 20
const SHORT_PATIENCE_MS = 50
/** What was begun shows within this many turns of the event loop: a commit begins a turn after it was asked for. */
const QUIET_TURNS = 3

/**
 * Knows whether the engine is at rest, for a clock that is moved by hand: whatever the engine does begins or ends with
 * a call to the store or an attempt on the wire, and both are counted here.
 */
export class Activity {
  readonly #runtime: Pick<ManualRuntime, 'patience'>
  #pending = 0
  #givenUp = 0
  #onEnd: (() => void)[] = []

  constructor(runtime: Pick<ManualRuntime, 'patience'>) {
    this.#runtime = runtime
  }

  /** A store that counts every call to `store` until it has ended. */
  watchStore(store: Store): Store {
    return watched(store, (call) => this.#track(call))
  }

  /** A sender that counts every attempt of `sender` until it has ended, but for those that take too long. */
  watchSender(sender: Sender): Sender {
    return {
      ...sender,
      send: (request) => {
        const end = this.#begin()
        const patienceMs = this.#givenUp < PATIENT_ATTEMPTS ? ATTEMPT_PATIENCE_MS : SHORT_PATIENCE_MS
        const cancel = this.#runtime.patience(patienceMs, () => {
          this.#givenUp += 1
          end()
        })
        return sender.send(request).finally(() => {
          cancel()
          end()
        })
      },
    }
  }

  /** A jump begins: attempts that it waits for are patient again. */
  renewPatience(): void {
    this.#givenUp = 0
  }

  /** Resolves when nothing that the engine has begun is unfinished, but for attempts that take too long. */
  async settled(): Promise<void> {
    for (let quietTurns = 0; quietTurns < QUIET_TURNS; quietTurns++) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      while (this.#pending > 0) {
        await new Promise<void>((resolve) => this.#onEnd.push(resolve))
        quietTurns = 0
      }
    }
  }

  #track<Result>(call: Promise<Result>): Promise<Result> {
    const end = this.#begin()
    return call.finally(end)
  }

  #begin(): () => void {
    this.#pending += 1
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.#pending -= 1
      if (this.#pending === 0) for (const resolve of this.#onEnd.splice(0)) resolve()
    }
  }
}

type Method = (...asks: unknown[]) => Promise<unknown>

/** Methods of the store and of its nouns, each call handed to `track`. */
function watched<Thing extends object>(thing: Thing, track: (call: Promise<unknown>) => Promise<unknown>): Thing {
  const seen = new Map<PropertyKey, unknown>()
  return new Proxy(thing, {
    get(target, name) {
      if (!seen.has(name)) seen.set(name, watchedPart(target, Reflect.get(target, name), track))
      return seen.get(name)
    },
  })
}

function watchedPart(owner: object, part: unknown, track: (call: Promise<unknown>) => Promise<unknown>): unknown {
  if (typeof part === 'function') return (...asks: unknown[]) => track((part as Method).apply(owner, asks))
  return typeof part === 'object' && part !== null ? watched(part, track) : part
}
