/**
 * A name has no address that could be found. `NAME_UNKNOWN`: the name servers, or the files that come before them, say that
 * it has none. `NAME_UNANSWERED`: nothing that was asked could say, and it may be found later.
 */
export class NameError extends Error {
  readonly code: 'NAME_UNKNOWN' | 'NAME_UNANSWERED'

  constructor(code: 'NAME_UNKNOWN' | 'NAME_UNANSWERED', message: string) {
    super(message)
    this.name = 'NameError'
    this.code = code
  }
}
