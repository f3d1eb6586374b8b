// What strangers write is read in a time that grows with its length, not with its square. Each parser is given texts made
// of one hostile piece again and again, longer than any request can have them. What it costs is counted in CPU time of this
// thread alone, as a ratio of two lengths, so that a busy machine changes nothing.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { fixedHeaderFaults } from '../../src/core/delivery/fixed-headers.ts'
import { urlFault } from '../../src/core/delivery/listener.ts'
import { contentTypeOf, keyFault } from '../../src/core/delivery/message.ts'
import { receiptFault } from '../../src/core/delivery/pull.ts'
import { retryAfterMs } from '../../src/core/delivery/retry-after.ts'
import { isId } from '../../src/core/id.ts'
import { nameFault } from '../../src/core/name.ts'
import { parseNetwork } from '../../src/core/network/address.ts'
import { clientAddress } from '../../src/core/network/client-address.ts'
import { Problem } from '../../src/core/problem.ts'
import { cronFault } from '../../src/core/schedule/cron.ts'
import { zoneFault } from '../../src/core/schedule/zone.ts'
import { compilePattern } from '../../src/core/schema/pattern.ts'
import { positionOfEvent } from '../../src/core/telemetry/event-id.ts'
import { parseTraceparent } from '../../src/core/telemetry/trace.ts'
import { hostnameFault, hostnameOf } from '../../src/core/tenant/domain.ts'
import { parseShort } from '../../src/http/body/body.ts'
import { formats } from '../../src/http/body/formats.ts'
import { accepts, isJsonType } from '../../src/http/body/media.ts'
import { compileQuery } from '../../src/http/body/query.ts'
import { createBase } from '../../src/http/pipeline/base.ts'
import { isRequestId } from '../../src/http/pipeline/request-id.ts'
import { decodeCursor } from '../../src/http/present/cursor.ts'
import { readConditions } from '../../src/http/present/etag.ts'
import { CURSOR } from '../../src/http/v1/messages/message-form.ts'

/** Twice what a head may have in all. */
const LENGTH = 32 * 1024
/** Looking at each pair of letters of such a text takes a second; nothing that stays below this does it. */
const FREE_MS = 8
const TIMES_LONGER = 4
/** Linear is 4, and the square 16. */
const MAX_RATIO = 9
const REPEATS = 3
/** No text of this length takes so long, whatever is done with it; its square need not be waited for. */
const HOPELESS_MS = 500

const PIECES = [
  ...[
    '"',
    '\\',
    '"\\',
    '\\"',
    '"a',
    '",',
    '";',
    ',',
    ', ',
    ';',
    '; ',
    ' ',
    '\t',
    '=',
    'q=',
    ';q=1',
    ';a="',
    'a;',
    'a,',
  ],
  ...[
    '%',
    '%2',
    '%20',
    '%C3',
    '[',
    ']',
    '[:',
    ':',
    '::',
    ':1',
    '.',
    '..',
    '1',
    '0',
    'a',
    'A',
    '-',
    '--',
    '_',
    '/',
    '//',
  ],
  ...[
    '*',
    '*/',
    '*/*,',
    'a/b',
    'W/"',
    'W/"",',
    '""',
    '"",',
    '+',
    '&',
    '&a',
    '&a=b',
    '?',
    '#',
    '@',
    'a.',
    '1.',
    '10.0.0.1,',
  ],
  ...[
    '(',
    '((',
    '(?',
    '(?:',
    '{',
    '{"a":',
    '{1,',
    '[[',
    '[1,',
    '"a",',
    '\u00ff',
    'é',
    '𝒳',
    '\0',
    '\n',
    '\r\n',
    'L',
    '1-2,',
  ],
]
const ENDS = ['', '"', '!', ' x']

const anyone = [parseNetwork('0.0.0.0/0')!, parseNetwork('::/0')!]
const parseQuery = compileQuery(Type.Object({ text: Type.String(), flag: Type.Boolean(), number: Type.Integer() }))

/** What reads texts of clients and receivers, and what texts for it begin with. */
const PARSERS: [what: string, read: (text: string) => unknown, starts?: string[]][] = [
  ['Accept', (text) => accepts(text, 'application/json'), ['', 'text/html;a="', 'application/json;']],
  ['Content-Type', isJsonType, ['', 'application/json', 'application/json;', 'application/json;charset="']],
  ['X-Request-Id', isRequestId],
  ['X-Forwarded-For', (forwardedFor) => clientAddress({ peer: '10.0.0.1', forwardedFor, trusted: anyone }), ['', '[']],
  ['Host', (host) => createBase(null, '/v1')({ host, protocol: 'http' }), ['', 'a', '[', 'a:']],
  ['If-Match', (text) => readConditions(request('PUT', { 'if-match': text })), ['', 'W/"']],
  ['If-None-Match', (text) => readConditions(request('GET', { 'if-none-match': text })), ['', '"']],
  ['traceparent', parseTraceparent, ['', '00-', `01-${'a'.repeat(32)}-${'a'.repeat(16)}-00-`]],
  ['Retry-After', (text) => retryAfterMs(text, 0), ['', 'Mon, ', 'Mon']],
  ['a cursor', (text) => decodeCursor(text, CURSOR)],
  ['a query', (text) => parseQuery({ text, flag: text, number: text })],
  ['a body', (text) => parseShort(Buffer.from(text)), ['', '{"a":"', '[', '{"a":']],
  ['a name', nameFault],
  ['an id', isId],
  ["a message's key", keyFault],
  ['the type of data', contentTypeOf, ['', '{', '["']],
  ['an id of an event', positionOfEvent],
  ['a receipt', receiptFault],
  ['a URL', urlFault, ['', 'http://', 'https://a/', 'http://a@', 'http://[']],
  ['a host name', hostnameFault],
  ['the host of a domain', hostnameOf, ['', 'a.']],
  ['fixed headers', (text) => fixedHeaderFaults({ [text]: text })],
  ['a cron expression', cronFault, ['', '* * * * ', '0 ']],
  ['a time zone', zoneFault, ['', 'Europe/']],
  ['a pattern of a schema', compilePattern, ['', '/']],
  ...Object.entries(formats).map(([name, fault]): [string, (text: string) => unknown] => [`format ${name}`, fault]),
]

function request(method: string, headers: Record<string, string>): FastifyRequest {
  return { method, headers } as unknown as FastifyRequest
}

/** CPU time of this thread while it reads, in ms; a refusal is an answer like any other. */
function costOf(read: (text: string) => unknown, text: string): number {
  const before = process.threadCpuUsage()
  try {
    read(text)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
  }
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}

interface Hostile {
  start: string
  piece: string
  end: string
}

/** Made of one buffer: text that is joined of pieces would be put together while it is read. */
function textOf({ start, piece, end }: Hostile, length: number): string {
  return Buffer.from(start + piece.repeat(length / piece.length) + end).toString()
}

/** How many times as much a text costs that is four times as long; 0 where it costs next to nothing. */
function growthOf(read: (text: string) => unknown, hostile: Hostile): number {
  const short = textOf(hostile, LENGTH)
  const first = costOf(read, short)
  if (first < FREE_MS || first > HOPELESS_MS) return first < FREE_MS ? 0 : Number.POSITIVE_INFINITY
  const long = textOf(hostile, LENGTH * TIMES_LONGER)
  const costs = Array.from({ length: REPEATS }, () => [costOf(read, short), costOf(read, long)] as const)
  const [least, most] = [0, 1].map((which) => Math.min(...costs.map((cost) => cost[which]!)))
  return least! < FREE_MS ? 0 : most! / least!
}

function hostileTexts(starts: string[]): Hostile[] {
  return starts.flatMap((start) => PIECES.flatMap((piece) => ENDS.map((end) => ({ start, piece, end }))))
}

describe('reading takes a time that grows with the length of', () => {
  for (const [what, read, starts = ['']] of PARSERS) {
    test(what, () => {
      for (const hostile of hostileTexts(starts)) {
        const growth = growthOf(read, hostile)
        assert.ok(
          growth < MAX_RATIO,
          `${JSON.stringify(hostile)}: ${growth.toFixed(0)} times the work for 4 times the length`,
        )
      }
    })
  }

  test('nothing that compares all letters with all others, or this test could not fail', () => {
    const compare = (text: string) => {
      let same = 0
      for (let at = 0; at < text.length; at += 16) same += text.lastIndexOf('\u0001', at)
      return same
    }
    assert.ok(growthOf(compare, { start: '', piece: 'a', end: '' }) >= MAX_RATIO)
  })
})
