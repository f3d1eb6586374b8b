import type { Fault } from '../problem.ts'
import { FaultList, quoted } from '../schema/fault-list.ts'

/** Headers that a listener wants with each delivery, by the name that it gave them. */
export type FixedHeaders = Readonly<Record<string, string>>

const MAX_HEADER_NAME = 128
const MAX_HEADER_VALUE = 4_096

/** How many there may be, and how long names and values may be together, of the headers at `path` in the body. */
interface HeaderLimits {
  headers: number
  characters: number
  path: string
}
/** Of a listener: with what is sent anyway, and a message's, below the 16 KiB that common servers take. */
const OF_LISTENER: HeaderLimits = { headers: 32, characters: 8_192, path: '/headers' }

/** A token of RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** No line break, no control character, and nothing that servers decode in different ways. */
const PRINTABLE = /^[\x20-\x7e]*$/

/**
 * Headers that the server sets itself, and those that decide where a request ends: a client that could set these could
 * smuggle requests.
 */
const TAKEN = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])
const TAKEN_PREFIXES = ['webhook-', 'discue-', 'proxy-']

/** What is wrong with these headers, of a listener unless told, as faults of the body; empty where they can be sent. */
export function fixedHeaderFaults(headers: FixedHeaders, limits = OF_LISTENER): Fault[] {
  const found = new FaultList(limits.path)
  const names = Object.keys(headers)
  if (names.length > limits.headers) found.add(`must have at most ${limits.headers} entries`)
  const seen = new Set<string>()
  let size = 0
  for (const name of names) {
    const fault = nameFault(name, seen) ?? valueFault(headers[name]!)
    if (fault !== null) found.addBelow(name, fault)
    if (found.full) break
    seen.add(name.toLowerCase())
    size += name.length + headers[name]!.length
  }
  if (size > limits.characters) found.add(`must have at most ${limits.characters} characters in all`)
  return found.faults
}

function nameFault(name: string, seen: ReadonlySet<string>): string | null {
  if (name.length > MAX_HEADER_NAME) return `must have a name of at most ${MAX_HEADER_NAME} characters`
  if (!TOKEN.test(name)) return `must have a name of letters, digits and !#$%&'*+.^_\`|~-; this is ${quoted(name)}`
  const lower = name.toLowerCase()
  if (TAKEN.has(lower) || TAKEN_PREFIXES.some((prefix) => lower.startsWith(prefix)))
    return 'is sent by the server itself'
  return seen.has(lower) ? 'is there twice; upper and lower case are the same' : null
}

function valueFault(value: string): string | null {
  if (value.length > MAX_HEADER_VALUE) return `must be at most ${MAX_HEADER_VALUE} characters`
  if (!PRINTABLE.test(value)) return 'must be printable ASCII without line breaks'
  return value.trim() === value ? null : 'must not begin or end with a space'
}
