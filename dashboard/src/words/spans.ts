/** Milliseconds in each unit, the largest first, under the names that people type and read. */
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** A length of time as it is typed, `90 s`, `15 min`, `1 h 30 min`, `7d`, in milliseconds; null for what is none. */
export function msIn(text: string): number | null {
  const sizes = new Map<string, number>([...UNITS, ['m', 60_000]])
  const spaced = text.trim().split(/\s+/).join(' ')
  // Sticky: each part begins where the one before has ended.
  const part = /(\d{1,15}(?:\.\d{1,15})?) ?(ms|min|[smhd]) ?/y
  let sum = 0
  while (part.lastIndex < spaced.length) {
    const found = part.exec(spaced)
    if (found === null) return null
    sum += Number(found[1]) * sizes.get(found[2]!)!
  }
  return spaced === '' ? null : Math.round(sum)
}

/** The length that a field says; null where it is empty, or says none. */
export function lengthIn(text: string): number | null {
  return text.trim() === '' ? null : msIn(text)
}

/** Whether a field is empty, or says a length of time. */
export function isLength(text: string): boolean {
  return text.trim() === '' || msIn(text) !== null
}

/** The opposite of `msIn`, without a loss: `duration` of `format.ts` says two units at most. */
export function spanOf(ms: number): string {
  let rest = ms
  const parts = UNITS.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return count === 0 ? [] : [`${count} ${unit}`]
  })
  return parts.join(' ') || '0 ms'
}
