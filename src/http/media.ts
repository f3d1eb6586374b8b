/** What answers can be. */
export type MediaType = 'application/json' | 'text/event-stream'

/** Splits at commas or semicolons that are not inside quotes. */
const LIST = /(?:[^,"]|"(?:\\.|[^"\\])*")+/g
const PARAMETERS = /(?:[^;"]|"(?:\\.|[^"\\])*")+/g
/** RFC 9110, section 12.4.2. */
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

const KEPT_VERDICTS = 100
const verdicts = new Map<string, boolean>()

/** Whether an `Accept` header allows an answer of this type (RFC 9110, section 12.5.1). */
export function accepts(accept: string | undefined, type: MediaType): boolean {
  if (accept === undefined || accept === '*/*' || accept === type) return true
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
  for (const element of accept.match(LIST) ?? []) {
    const [range = '', ...parameters] = (element.match(PARAMETERS) ?? []).map((part) => part.trim().toLowerCase())
    const here = exactnessOf(range, type)
    const weight = weightOf(parameters)
    if (here === 0 || here < exactness || weight === null) continue
    willing = here > exactness ? weight > 0 : willing || weight > 0
    exactness = here
  }
  return willing
}

/** More exact media ranges win over wider ones; 0 is for those that do not fit. */
function exactnessOf(range: string, type: MediaType): number {
  if (range === type) return 3
  if (range === '*/*') return 1
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1)) ? 2 : 0
}

/** 1 where none is given, null where it is malformed. */
function weightOf(parameters: readonly string[]): number | null {
  const parameter = parameters.find((part) => /^q\s*=/.test(part))
  if (parameter === undefined) return 1
  const text = parameter.slice(parameter.indexOf('=') + 1).trim()
  return WEIGHT.test(text) ? Number(text) : null
}

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-?8"?[ \t]*;?[ \t]*)?;?$/i

/** Whether a `Content-Type` says JSON; its only charset is UTF-8 (RFC 8259, section 8.1). */
export function isJsonType(contentType: string): boolean {
  return contentType === 'application/json' || JSON_TYPE.test(contentType.trim())
}
