import { invalid } from '../../core/problem.ts'
import { pointerStep } from '../../core/schema/fault-list.ts'

/** Half of a surrogate pair and U+0000 as `JSON.stringify` writes them; behind a backslash that is escaped itself, neither. */
const UNREADABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/

/**
 * The value for a column of the type json that statements look into. PostgreSQL stores there what it cannot read: `->` and
 * `->>` then fail each statement that comes upon the row, of any organization. Throws `invalid` at the first such text.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value)
  if (!UNREADABLE.test(text)) return text
  throw invalid(
    unreadableAt(value, '') ?? '',
    'must be valid Unicode, without U+0000 and without half a surrogate pair',
  )
}

/** Where the text is, as a JSON pointer into the value. */
function unreadableAt(value: unknown, path: string): string | null {
  if (typeof value === 'string') return isReadable(value) ? null : path
  if (typeof value !== 'object' || value === null) return null
  for (const [name, part] of Object.entries(value)) {
    const below = `${path}/${pointerStep(name.toWellFormed())}`
    const found = isReadable(name) ? unreadableAt(part, below) : below
    if (found !== null) return found
  }
  return null
}

function isReadable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}
