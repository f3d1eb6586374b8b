/**
 * PostgreSQL stores any text but for the character U+0000, which a message may well hold. It is written as U+E000
 * (of the private use area) and a zero, and U+E000 itself as U+E000 and a one.
 */
const ESCAPE = '\uE000'
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is this very character that has to be found
const TO_ESCAPE = /[\u0000\uE000]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const ALL_TO_ESCAPE = /[\u0000\uE000]/g
const ESCAPED = /\uE000([01])/g

/** The text as it is stored. */
export function stored(text: string): string {
  if (!TO_ESCAPE.test(text)) return text
  return text.replace(ALL_TO_ESCAPE, (letter) => (letter === ESCAPE ? `${ESCAPE}1` : `${ESCAPE}0`))
}

/** The text that was stored. */
export function restored(text: string): string {
  if (!text.includes(ESCAPE)) return text
  return text.replace(ESCAPED, (_, digit) => (digit === '1' ? ESCAPE : '\u0000'))
}
