/** What answers can be. */
export type MediaType = 'application/json' | 'text/event-stream'

/** RFC 9110, section 12.4.2. */
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

const KEPT_VERDICTS = 100
/** Longer ones are no client's habit, and are not worth their memory. */
const MAX_KEPT_LENGTH = 256
const verdicts = new Map<string, boolean>()

/** Whether an `Accept` header allows an answer of this type (RFC 9110, section 12.5.1). */
export function accepts(accept: string | undefined, type: MediaType): boolean {
  if (accept === undefined || accept === '*/*' || accept === type) return true
  if (accept.length > MAX_KEPT_LENGTH) return judge(accept, type)
  const question = `${type} ${accept}`
  const known = verdicts.get(question)
  if (known !== undefined) return known
  const verdict = judge(accept, type)
  if (verdicts.size >= KEPT_VERDICTS) verdicts.clear()
  verdicts.set(question, verdict)
  return verdict
}

/** The most exact range that fits the type decides; of equally exact ones the most willing. */
function judge(accept: string, type: MediaType): boolean {
  if (accept.trim() === '') return true
  let exactness = 0
  let willing = false
  for (const element of split(accept, ',')) {
    const [range = '', ...parameters] = split(element, ';').map((part) => part.trim().toLowerCase())
    const here = exactnessOf(range, type)
    if (here === 0 || here < exactness) continue
    const weight = weightOf(parameters)
    if (weight === null) continue
    willing = here > exactness ? weight > 0 : willing || weight > 0
    exactness = here
  }
  return willing
}

/**
 * Splits at a character that is not inside a quoted string (RFC 9110, section 5.6.4). A quote that never closes reaches to
 * the end. Each letter is looked at once: a stranger chooses the text, and no key has to be known for that.
 */
function split(text: string, separator: ',' | ';'): string[] {
  if (!text.includes('"')) return text.split(separator)
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (letter === '"') isQuoted = !isQuoted
    else if (letter === '\\' && isQuoted) at += 1
    else if (letter === separator && !isQuoted) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/** More exact media ranges win over wider ones; 0 is for those that do not fit. */
function exactnessOf(range: string, type: MediaType): number {
  if (range === type) return 3
  if (range === '*/*') return 1
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1)) ? 2 : 0
}

/** 1 where none is given, null where it is malformed. */
function weightOf(parameters: readonly string[]): number | null {
  const parameter = parameters.map(nameAndValue).find(([name]) => name === 'q')
  if (parameter === undefined) return 1
  const [, text] = parameter
  return text !== null && WEIGHT.test(text) ? Number(text) : null
}

/** What stands before the first `=` and behind it; null where there is none. */
function nameAndValue(parameter: string): [name: string, value: string | null] {
  const at = parameter.indexOf('=')
  if (at === -1) return [parameter, null]
  return [parameter.slice(0, at).trim(), parameter.slice(at + 1).trim()]
}

const CHARSETS: readonly (string | null)[] = ['utf-8', 'utf8', '"utf-8"', '"utf8"']

/** Whether a `Content-Type` says JSON; its only charset is UTF-8 (RFC 8259, section 8.1). */
export function isJsonType(contentType: string): boolean {
  if (contentType === 'application/json') return true
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase())
  const given = parameters.filter((parameter) => parameter !== '').map(nameAndValue)
  if (type !== 'application/json' || given.length > 1) return false
  return given.every(([name, value]) => name === 'charset' && CHARSETS.includes(value))
}
