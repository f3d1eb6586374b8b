import { write, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { pino } from 'pino'
import type { Config } from './config/config.ts'
import { prettyLine } from './core/telemetry/pretty-log.ts'
import { type Log, sleep } from './runtime.ts'

const STANDARD_ERROR = 2
/** What waits for a log that cannot be written, at most: past it, lines are lost. */
const MAX_WAITING_CHARS = 256 * 1024
/** The pause before a pipe that is full is tried again. */
const FULL_MS = 20

/**
 * The log, on standard error: standard output is for people, so that the key that is shown there once never reaches a
 * log. It is lines of JSON, or `pretty` ones, which are the default where standard error is a terminal. Lines that cannot
 * be written, on a full disk or because their reader has gone, are lost: what
 * the server is there for does not depend on them. What waits is tried once more when the process exits, until it is closed:
 * a program may open many, one after the other.
 */
export function openLog(config: Pick<Config, 'logLevel' | 'logFormat' | 'noColours'>): {
  log: Log
  close(): void
} {
  const lines = new LogLines(STANDARD_ERROR)
  const end = () => lines.end()
  process.on('exit', end)
  const isTerminal = isatty(STANDARD_ERROR)
  const format = config.logFormat ?? (isTerminal ? 'pretty' : 'json')
  const colours = isTerminal && !config.noColours
  const destination =
    format === 'json' ? lines : { write: (line: string) => lines.write(prettyLine(line, { colours })) }
  return { log: pino({ level: config.logLevel, base: null }, destination), close: () => void process.off('exit', end) }
}

/**
 * Writes lines in their order, without a caller ever waiting. Pino's own destination, at the exit of the process, tries for
 * ever what cannot be written: a server whose terminal was closed, or whose log is on a full disk, would never end.
 */
class LogLines {
  #waiting = ''
  #writing = false
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  write(line: string): void {
    if (this.#waiting.length + line.length > MAX_WAITING_CHARS) return
    this.#waiting += line
    if (this.#writing) return
    this.#writing = true
    this.#next()
  }

  /** Tries what waits once more, for the last time. */
  end(): void {
    try {
      writeSync(this.#descriptor, this.#waiting)
    } catch {
      // There is nowhere left to tell.
    }
  }

  #next(): void {
    const bytes = Buffer.from(this.#waiting)
    this.#waiting = ''
    if (bytes.length > 0) this.#put(bytes)
    else this.#writing = false
  }

  /** Bytes that cannot be written are lost; the lines after them are tried again, for a disk may have room by then. */
  #put(bytes: Buffer): void {
    write(this.#descriptor, bytes, (error, count) => {
      if (error?.code === 'EAGAIN') void sleep(FULL_MS).then(() => this.#put(bytes))
      else if (error !== null || count === bytes.length) this.#next()
      else this.#put(bytes.subarray(count))
    })
  }
}
