import { RE2JS, RE2JSSyntaxException } from 're2js'
import { quoted } from './fault-list.ts'

/** A regular expression of a client, safe to run on any text: its time is at most `steps` times the text's length. */
export interface Pattern {
  /** As it was written, without the slashes. */
  readonly text: string
  /** Instructions that it compiles to. One takes some 30 ns per character where all of them are busy. */
  readonly steps: number
  /** Whether it is found anywhere in the value. */
  test(value: string): boolean
}

/** How long compiling takes goes by `patternSize`. */
const MAX_PATTERN_LENGTH = 1_000

/**
 * RE2's automaton is quicker on long texts, but each pattern may grow one of 8 MiB, and a text that needs a new state
 * at every character makes it twenty times slower than the engines without a cache that run in its place.
 */
const NO_AUTOMATON = RE2JS.compile('').re2().dfa
NO_AUTOMATON.failed = true

/** The pattern, or what is wrong with it. The syntax is RE2's, bare or between slashes, without flags. */
export function compilePattern(text: string): Pattern | { fault: string } {
  if (text.length > MAX_PATTERN_LENGTH) {
    return { fault: `must have at most ${MAX_PATTERN_LENGTH} characters, not ${text.length}` }
  }
  const { body, flags } = unslash(text)
  if (flags) return { fault: `must not have flags: remove the ${quoted(flags)}, or write \\/ where a slash is meant` }
  const group = inlineFlags(body)
  if (group) return { fault: `must not have flags: remove the ${quoted(group)}` }
  try {
    const regex = RE2JS.compile(body)
    regex.re2().lazyDFA = NO_AUTOMATON
    return { text: body, steps: regex.programSize(), test: (value) => regex.test(value) }
  } catch (error) {
    return { fault: `must be a regular expression of RE2's syntax: ${reasonOf(error)}` }
  }
}

/**
 * `/…/` is the expression between the slashes. What follows the last slash is only taken for flags where JavaScript
 * would take it, so that `/orders/new` is a path; and `/orders\/` ends in an escaped slash, so it is one too.
 */
function unslash(text: string): { body: string; flags: string } {
  const end = text.lastIndexOf('/')
  const body = text.slice(1, end)
  const flags = text.slice(end + 1)
  const slashed = end > 0 && text.startsWith('/') && /^[dgimsuvy]*$/.test(flags) && !/(?<!\\)(\\\\)*\\$/.test(body)
  return slashed ? { body, flags } : { body: text, flags: '' }
}

/**
 * `(?i)` and the like, which RE2 would take. Besides being flags, they can be costly: folding the case of wide ranges
 * compiles for seconds. Escapes are stepped over in pairs, as RE2 does; a character class is not looked at, so that
 * nothing can hide in what only seems to be one.
 */
function inlineFlags(body: string): string {
  for (const [token] of body.matchAll(/\\.|\(\?[A-Za-z-]+[:)]/gs)) {
    if (token.startsWith('(')) return token
  }
  return ''
}

function reasonOf(error: unknown): string {
  if (!(error instanceof RE2JSSyntaxException)) return 'it cannot be compiled'
  return error.input === null ? error.error : `${error.error}, at ${quoted(error.input)}`
}
