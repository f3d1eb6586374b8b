import pg from 'pg'

const INT8 = 20
const INT8_ARRAY = 1016
const NUMERIC = 1700

/**
 * Whole numbers of eight bytes as JavaScript's: times, sequences and leases stay far below 2^53. So does their sum, which
 * PostgreSQL makes a `numeric` and pg a text, to which another number would be appended instead of added.
 */
export function readTypes(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid === INT8 || oid === NUMERIC) return Number
  if (oid === INT8_ARRAY) return numbersOf
  return pg.types.getTypeParser(oid, format as 'text') as (text: string) => unknown
}

/** `{1,2,NULL}` */
function numbersOf(text: string): (number | null)[] {
  if (text === '{}') return []
  return text
    .slice(1, -1)
    .split(',')
    .map((number) => (number === 'NULL' ? null : Number(number)))
}
