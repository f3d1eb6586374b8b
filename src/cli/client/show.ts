import { momentText } from './moments.ts'
import type { Terminal } from './terminal.ts'

/** One column of a table: its heading and what it shows of an entry. */
export type Columns<Entry> = Record<string, (entry: Entry) => unknown>

/** Shows entries as a table, or all of them as one JSON array. */
export function showList<Entry>(
  terminal: Terminal,
  entries: readonly Entry[],
  columns: Columns<Entry>,
  empty: string,
): void {
  if (terminal.json) {
    terminal.print(JSON.stringify(entries, null, 2))
    return
  }
  if (entries.length === 0) {
    terminal.note(empty)
    return
  }
  const rows = entries.map((entry) => Object.values(columns).map((cell) => plain(cell(entry))))
  const widths = Object.keys(columns).map((heading, at) =>
    Math.max(heading.length, ...rows.map((row) => width(row[at]!))),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at === cells.length - 1 ? cell : pad(cell, widths[at]!)))
      .join('  ')
      .trimEnd()
  terminal.print(terminal.paint('dim', line(Object.keys(columns))))
  for (const row of rows) terminal.print(paintWords(terminal, line(row)))
}

/** Shows one resource, a line for each of its properties, or as JSON. */
export function showOne(terminal: Terminal, resource: object): void {
  if (terminal.json) {
    terminal.print(JSON.stringify(resource, null, 2))
    return
  }
  const lines = linesOf(resource)
  const widest = Math.max(0, ...lines.map(([name]) => name.length))
  for (const [name, value] of lines) {
    terminal.print(`${terminal.paint('dim', pad(name, widest))}  ${paintWords(terminal, value)}`.trimEnd())
  }
}

/** Says what was done; as JSON the answer itself. */
export function showDone(terminal: Terminal, answer: unknown, line: string): void {
  terminal.print(terminal.json ? JSON.stringify(answer, null, 2) : line)
}

/** Nested objects by dotted names; times in words; what is left as JSON. */
function linesOf(resource: object, prefix = ''): [string, string][] {
  return Object.entries(resource).flatMap(([name, value]: [string, unknown]): [string, string][] => {
    if (name === '_links') return []
    const path = prefix + name
    if (Array.isArray(value) && value.length > 0 && value.every(isObject)) {
      return value.flatMap((entry, at) => linesOf(entry, `${path}.${at}.`))
    }
    if (isObject(value)) return linesOf(value, `${path}.`)
    return [[path, valueText(name, value)]]
  })
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function valueText(name: string, value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (/_(at|until)$/.test(name) && typeof value === 'number') return momentText(value)
  if (name === 'next_runs') return (value as number[]).map(momentText).join(', ') || '-'
  return plain(typeof value === 'string' ? value : JSON.stringify(value))
}

const GOOD = /\b(enabled|stable|delivered|acknowledged)\b/g
const BAD = /\b(missed|unrouted|down|not_ok)\b/g

/** The words that say how things stand, in the colour of it. */
function paintWords({ paint }: Terminal, line: string): string {
  return line.replace(GOOD, (word) => paint('green', word)).replace(BAD, (word) => paint('red', word))
}

/**
 * A value on one line of a terminal. What clients and receivers wrote may hold control characters, which a terminal
 * would obey.
 */
export function plain(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  return String(value).replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
}

/** Columns that a text takes: its characters, not UTF-16 units. Names are ASCII, so wider ones need not be known. */
function width(text: string): number {
  return [...text].length
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)))
}

/** A text of at most so many characters. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}
