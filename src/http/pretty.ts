import { parseBoolean } from './query.ts'

/** For `pretty`: JSON, indented by two spaces. */
export function indented(payload: unknown): string {
  return JSON.stringify(payload, null, 2)
}

/** Whether a query, parsed or not yet, asks for it; what is not a boolean asks for nothing. */
export function wantsIndent(query: unknown): boolean {
  const { pretty } = (query ?? {}) as { pretty?: unknown }
  return pretty === true || (typeof pretty === 'string' && parseBoolean(pretty) === true)
}
