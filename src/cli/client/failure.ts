/** Exit codes of the command line, the same for every command; documented in `discue --help`. */
export const EXIT = {
  ok: 0,
  /** What was asked for did not succeed: the server refused it, could not be reached, or the ledger do not balance. */
  failure: 1,
  /** The command line itself is wrong; nothing was sent. */
  usage: 2,
  /** Interrupted a second time, before everything was in order. */
  interrupted: 130,
} as const

/** Something went wrong that one line can explain. */
export class Failure extends Error {
  readonly exitCode: number

  constructor(message: string, options: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options)
    this.name = 'Failure'
    this.exitCode = options.exitCode ?? EXIT.failure
  }
}

/** The command line is wrong; nothing was sent. */
export class UsageFailure extends Failure {
  constructor(message: string) {
    super(message, { exitCode: EXIT.usage })
    this.name = 'UsageFailure'
  }
}

/** The line for the user who typed the command. A bug shows where it is; everything else says what was wrong. */
export function explain(error: unknown): string {
  if (error instanceof Failure) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
