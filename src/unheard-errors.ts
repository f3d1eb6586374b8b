import { consequenceOf } from './core/unheard-error.ts'
import type { Runtime } from './runtime.ts'

/** What a stop may take: posts that are open are answered, and deliveries that are under way come to their end. */
const STOP_WITHIN_MS = 30_000
/** Each error has a line of its own up to so many a minute: one that comes with every connection must not fill the disk. */
const LINES_PER_MINUTE = 20
const MINUTE_MS = 60_000

export interface UnheardErrorDeps {
  /** Of the real time: a clock that is moved by hand must not keep a process from stopping. */
  runtime: Pick<Runtime, 'after' | 'elapsedMs' | 'log'>
  /** Stops the server in order; rejects where that cannot be done. */
  stop(): Promise<void>
  /** Ends the process with this code. */
  exit(code: number): void
}

/**
 * What to do with an error that no listener and no caller has heard, as a listener of `uncaughtException`, to which Node
 * hands unheard rejections as well. It is logged with its stack; one of a connection leaves the process running, after any
 * other it is stopped in order and exits with code 1.
 */
export function createUnheardErrorHandler({ runtime, stop, exit }: UnheardErrorDeps) {
  const { log } = runtime
  const tell = createLimitedLog(runtime)
  let stopping = false

  function stopAndExit(): void {
    if (stopping) return
    stopping = true
    // A stop that never ends would leave a process that only looks alive.
    runtime.after(STOP_WITHIN_MS, () => exit(1))
    // For one that has nothing left to wait for, and so ends by itself.
    process.exitCode = 1
    void stop()
      .catch((err: unknown) => log.error({ err }, 'the server could not be stopped in order'))
      .then(() => exit(1))
  }

  return (err: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const consequence = consequenceOf(err)
    if (consequence === 'go on') tell({ err, origin }, 'a connection had an error that no listener heard; going on')
    else {
      tell({ err, origin }, 'an error that no listener heard; stopping, as what it has left behind is not known')
      stopAndExit()
    }
  }
}

function createLimitedLog({ log, elapsedMs }: Pick<Runtime, 'elapsedMs' | 'log'>) {
  let minute = Number.NEGATIVE_INFINITY
  let lines = 0
  return (fields: object, message: string): void => {
    const now = elapsedMs()
    if (now - minute >= MINUTE_MS) {
      if (lines > LINES_PER_MINUTE)
        log.error({ errors: lines - LINES_PER_MINUTE }, 'more errors that no listener heard')
      minute = now
      lines = 0
    }
    lines += 1
    if (lines <= LINES_PER_MINUTE) log.error(fields, message)
  }
}
