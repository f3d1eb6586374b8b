/** Arrays as PostgreSQL reads them from text; a batch has dozens of them, a thousand entries each. */
export function numbers(values: readonly (number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

export function truths(values: readonly boolean[]): string {
  return `{${values.map((value) => (value ? 't' : 'f')).join(',')}}`
}

export function texts(values: readonly (string | null)[]): string {
  let all = ''
  for (const value of values) all += all === '' ? quoted(value) : `,${quoted(value)}`
  return `{${all}}`
}

const SPECIAL = /["\\]/
const SPECIALS = /["\\]/g

function quoted(value: string | null): string {
  if (value === null) return 'NULL'
  return SPECIAL.test(value) ? `"${value.replace(SPECIALS, '\\$&')}"` : `"${value}"`
}
