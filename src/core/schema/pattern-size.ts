/** A class of Unicode is a table of hundreds of ranges: making it ready takes as long as so many steps. */
const UNICODE_CLASS = 32
/** Steps that a class such as `\d`, `\w` or `\s` takes: a few ranges. */
const PERL_CLASS = 4
const COUNTED = /\{(\d{1,9})(?:(,)(\d{0,9}))?\}/y
/** A class of POSIX within brackets, such as `[:alpha:]` or `[:^space:]`. */
const POSIX_CLASS = /\[:\^?[a-z]{1,10}:\]/y
/** Far above what anything is allowed, and far below where numbers end. */
const MOST = 1e9

/** What is known of the group that is being read. */
interface Group {
  size: number
  /** Of the last thing in it, which a repetition after it repeats. */
  last: number
}

/**
 * About how many instructions an expression of RE2's syntax compiles to, found by reading it once, without compiling: in
 * linear time, whatever it is, while compiling takes as long as there are instructions. It is what they cannot exceed by
 * more than half, and may say more than there are where alternatives begin in the same way. An expression that is not
 * valid has a size too.
 */
export function patternSize(text: string): number {
  const groups: Group[] = [{ size: 0, last: 0 }]
  let [classes, at] = [0, 0]
  while (at < text.length) {
    const group = groups.at(-1)!
    const char = text[at]!
    if (char === '\\') {
      const end = endOfEscape(text, at)
      classes += classesIn(text, at, end)
      add(group, isQuote(text, at) ? end - at : 1)
      at = end
    } else if (char === '[') {
      const end = endOfClass(text, at)
      classes += classesIn(text, at, end)
      add(group, 1)
      at = end
    } else {
      at += readPlain(groups, text, at)
    }
  }
  const open = groups.reduce((sum, { size }) => sum + size, 0)
  return Math.min(MOST, open + classes)
}

/** Reads what is neither an escape nor a class; answers with its length. */
function readPlain(groups: Group[], text: string, at: number): number {
  const group = groups.at(-1)!
  switch (text[at]) {
    case '(':
      groups.push({ size: text[at + 1] === '?' ? 0 : 2, last: 0 })
      return text.startsWith('(?:', at) ? 3 : 1
    case ')':
      // One that closes nothing is refused later.
      if (groups.length > 1) add(groups.at(-2)!, groups.pop()!.size)
      return 1
    case '|':
      add(group, 1)
      group.last = 0
      return 1
    case '*':
    case '+':
    case '?':
      repeat(group, 1, 1)
      return 1
    case '{':
      return readCounted(group, text, at)
    default:
      add(group, 1)
      return 1
  }
}

/** A brace that counts nothing is a character. */
function readCounted(group: Group, text: string, at: number): number {
  COUNTED.lastIndex = at
  const found = COUNTED.exec(text)
  if (found === null) {
    add(group, 1)
    return 1
  }
  const [whole, from, comma, to] = found
  const least = Number(from)
  const most = comma === undefined ? least : to === '' ? least + 1 : Number(to)
  repeat(group, Math.max(least, most), Math.max(0, most - least))
  return whole.length
}

function add(group: Group, size: number): void {
  group.size = Math.min(MOST, group.size + size)
  group.last = size
}

/** Adds `times` copies of the last thing, with a choice before as many as may be missing. */
function repeat(group: Group, times: number, choices: number): void {
  const repeated = Math.min(MOST, group.last * times + choices)
  group.size = Math.min(MOST, group.size - group.last + repeated)
  group.last = repeated
}

/** `\Q…\E` is text as it stands; the braces of `\p{…}` and `\x{…}` count nothing. */
function endOfEscape(text: string, at: number): number {
  if (isQuote(text, at)) return endOf(text, '\\E', at + 2)
  const braced = /[pPx]/.test(text[at + 1] ?? '') && text[at + 2] === '{'
  return braced ? endOf(text, '}', at + 3) : Math.min(text.length, at + 2)
}

/**
 * Where a class ends. A bracket right at its beginning is a member; so is one in a class of POSIX, such as `[:alpha:]`.
 */
function endOfClass(text: string, start: number): number {
  let at = start + 1
  if (text[at] === '^') at += 1
  if (text[at] === ']') at += 1
  while (at < text.length && text[at] !== ']') {
    if (text[at] === '\\') at = endOfEscape(text, at)
    else at += lengthOfPosixClass(text, at) || 1
  }
  return Math.min(text.length, at + 1)
}

function lengthOfPosixClass(text: string, at: number): number {
  POSIX_CLASS.lastIndex = at
  return POSIX_CLASS.exec(text)?.[0].length ?? 0
}

function isQuote(text: string, at: number): boolean {
  return text.startsWith('\\Q', at)
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found === -1 ? text.length : found + mark.length
}

function classesIn(text: string, start: number, end: number): number {
  let sum = 0
  for (let at = start; at + 1 < end; at++) {
    if (text[at] !== '\\') continue
    at += 1
    if (/[pP]/.test(text[at]!)) sum += UNICODE_CLASS
    else if (/[dDwWsS]/.test(text[at]!)) sum += PERL_CLASS
  }
  return sum
}
