/** In characters, stars included. */
const MAX_PATTERN_LENGTH = 256

/** Why a pattern for names is refused, or null where it is fine: it may hold what names may, and stars. */
export function namePatternFault(pattern: unknown): string | null {
  if (typeof pattern === 'string' && pattern.length <= MAX_PATTERN_LENGTH && /^[A-Za-z0-9._/*-]+$/.test(pattern)) {
    return null
  }
  return `must be 1 to ${MAX_PATTERN_LENGTH} characters of A-Z, a-z, 0-9, dot, underscore, slash and hyphen, and * for any run of them`
}

/** Tells of names whether they fit the whole pattern. The names are short: 128 characters at most. */
export function namePattern(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return (name) => name === pattern
  const [first, last] = [parts.at(0)!, parts.at(-1)!]
  const between = parts.slice(1, -1).filter((part) => part !== '')
  return (name) => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false
    const end = name.length - last.length
    let at = first.length
    // The first place that fits leaves the most room for the rest.
    for (const part of between) {
      const found = name.indexOf(part, at)
      if (found === -1 || found + part.length > end) return false
      at = found + part.length
    }
    return true
  }
}
