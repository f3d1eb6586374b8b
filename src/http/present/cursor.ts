import { Problem } from '../../core/problem.ts'

/** Packs where a listing goes on into a text that callers hand back as it is. */
export function encodeCursor(...parts: (string | number)[]): string {
  return Buffer.from(parts.join(' ')).toString('base64url')
}

/** Unpacks a cursor that must match `shape`; its groups are the parts. Throws `bad_query` for anything else. */
export function decodeCursor(cursor: string, shape: RegExp): string[] {
  const found = shape.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (found === null) throw badCursor('must be taken from _links.next as it is')
  return found.slice(1)
}

/** A cursor and a page would start the same listing at two places. */
export function expectOneStart(query: { page?: number; cursor?: string }): void {
  if (query.page !== undefined && query.cursor !== undefined) throw badCursor('cannot be combined with page')
}

function badCursor(message: string): Problem {
  return new Problem('bad_query', { errors: [{ path: 'cursor', message }] })
}
