import { pino } from 'pino'
import type { Config } from './config/config.ts'
import type { Log } from './runtime.ts'

const STANDARD_ERROR = 2
/** What waits for a log that cannot be written, at most: past it, lines are lost. */
const MAX_WAITING_BYTES = 256 * 1024

/**
 * The log, as lines of JSON on standard error: standard output is for people, so that the key that is shown there once
 * never reaches a log. Lines that cannot be written, on a full disk or because their reader has gone, are lost: what
 * the server is there for does not depend on them.
 */
export function openLog(level: Config['logLevel']): Log {
  const destination = pino.destination({ dest: STANDARD_ERROR, maxLength: MAX_WAITING_BYTES })
  destination.on('error', () => undefined)
  return pino({ level, base: null }, destination)
}
