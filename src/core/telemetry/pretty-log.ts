/** Pino's numbers of the levels that the log has. */
const LEVELS: Readonly<Record<number, { name: string; colour: string }>> = {
  20: { name: 'debug', colour: '2' },
  30: { name: 'info', colour: '32' },
  40: { name: 'warn', colour: '33' },
  50: { name: 'error', colour: '31' },
}

interface Line extends Record<string, unknown> {
  level: number
  time: number
  msg: string
}

/**
 * A line of the log for people: the time of day (UTC), the level, the message, then each field as `name=value`, and the
 * stack of an error below. What could move the terminal's cursor is shown by its code: parts of a line come from
 * receivers.
 */
export function prettyLine(json: string, { colours }: { colours: boolean }): string {
  const { level, time, msg, err, ...fields } = JSON.parse(json) as Line
  const paint = (code: string, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text)
  const { name, colour } = LEVELS[level] ?? { name: String(level), colour: '0' }
  const pairs = Object.entries(fields).map(([field, value]) => `${paint('2', `${visible(field)}=`)}${textOf(value)}`)
  const head = [paint('2', timeOf(time)), paint(colour, name.padEnd(5)), visible(msg), ...pairs].join(' ')
  return `${head}${stackOf(err)}\n`
}

function timeOf(time: number): string {
  return new Date(time).toISOString().slice(11, 23)
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[\w./:@*+-]+$/.test(text) || typeof value !== 'string' ? visible(text) : visible(JSON.stringify(text))
}

function stackOf(err: unknown): string {
  if (typeof err !== 'object' || err === null) return err === undefined ? '' : ` err=${textOf(err)}`
  const { type, message, stack } = err as Record<string, unknown>
  const text = typeof stack === 'string' ? stack : `${String(type)}: ${String(message)}`
  return text
    .split('\n')
    .map((line) => `\n    ${visible(line.trim())}`)
    .join('')
}

/** Control characters, and those that turn the direction of writing, as `\u001b`. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
