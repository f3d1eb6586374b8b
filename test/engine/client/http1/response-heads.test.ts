// Which heads are taken, beside what Go's net/http (1.26) and curl (7.88) make of each: nothing that either of them
// takes is refused, but for what the last cases name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeadMemo } from '../../../../src/engine/client/http1/head-memo.ts'
import { HeadTooLarge, InvalidResponse, type ResponseHead } from '../../../../src/engine/client/http1/response-head.ts'
import { ResponseParser } from '../../../../src/engine/client/http1/response-parser.ts'

/** What a client makes of it: a status, or a refusal. */
type Verdict = number | 'refuses'

interface Case {
  text: string
  go: Verdict
  curl: Verdict
}

const OK = 'HTTP/1.1 200 OK\r\n'
const TWO = 'content-length: 2\r\n\r\nok'
const CHUNKS = '2\r\nok\r\n0\r\n\r\n'

/** Reads a head from these pieces, and drops the body. Throws `InvalidResponse`. */
function headIn(pieces: readonly Buffer[]): ResponseHead | null {
  const parser = new ResponseParser(new HeadMemo())
  const heads: ResponseHead[] = []
  parser.begin({ onHead: (head) => void heads.push(head), onBody() {} })
  for (const piece of pieces) if (!parser.ended) parser.execute(piece)
  return heads[0] ?? null
}

function whole(text: string): Buffer[] {
  return [Buffer.from(text, 'latin1')]
}

function byBytes(text: string): Buffer[] {
  return [...Buffer.from(text, 'latin1')].map((byte) => Buffer.from([byte]))
}

type Body = ResponseHead['body']

/** Taken; `body`: how its end is found, `reused`: whether the connection is used again. */
const taken: (Case & { body: Body; reused: boolean })[] = [
  { text: OK + TWO, go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}\r\n`, go: 200, curl: 200, body: 'until close', reused: false },
  // Folded fields.
  { text: `${OK}x: a\r\n b\r\n\tc\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}content-length: 2\r\n 3\r\n\r\nok`, go: 'refuses', curl: 200, body: 'until close', reused: false },
  { text: `${OK}content-length:\r\n 2\r\n\r\nok`, go: 200, curl: 'refuses', body: 2, reused: false },
  { text: `${OK}transfer-encoding:\r\n chunked\r\n\r\n${CHUNKS}`, go: 200, curl: 200, body: 'chunked', reused: false },
  // Bare line feeds.
  { text: 'HTTP/1.1 200 OK\ncontent-length: 2\n\nok', go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}x: a\nb: c\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  // Spaces before the colon.
  { text: `${OK}x : a\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}content-length : 2\r\n\r\nok`, go: 200, curl: 200, body: 2, reused: false },
  // Status lines.
  { text: `HTTP/1.1 200\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `HTTP/1.1 200 \r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `HTTP/1.1  200 OK\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `HTTP/1.1 200OK\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `HTTP/1.1 200 O\xe9K\x01\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `HTTP/1.1 200 O\0K\r\n${TWO}`, go: 200, curl: 'refuses', body: 2, reused: true },
  { text: `HTTP/1.1 999 OK\r\n${TWO}`, go: 999, curl: 999, body: 2, reused: true },
  { text: `HTTP/1.0 200 OK\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: false },
  { text: `HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `HTTP/1.2 200 OK\r\n${TWO}`, go: 200, curl: 'refuses', body: 2, reused: true },
  { text: `HTTP/0.9 200 OK\r\n${TWO}`, go: 200, curl: 'refuses', body: 2, reused: false },
  { text: `HTTP/2.0 200 OK\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `HTTP/2 200\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `http/1.1 200 OK\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n', go: 101, curl: 101, body: 'until close', reused: false },
  // Names.
  { text: `${OK}x y: a\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}x(y)@/{}": a\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `${OK}\xe9t\xe9: a\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `${OK}x\x01y: a\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `${OK}: a\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `${OK}content-length${' '.repeat(60)}x: 9\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  // Values.
  { text: `${OK}x:\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}x: \xe9\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}x: a\x01\x7fb\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `${OK}x: ${' '.repeat(16_000)}\x01\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `${OK}x: a\rb\r\r\n${TWO}`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `${OK}x: ${'y'.repeat(70_000)}\r\n${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}${'x: a\r\n'.repeat(4_990)}${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}${`x: ${'y'.repeat(1_000)}\r\n`.repeat(290)}${TWO}`, go: 200, curl: 200, body: 2, reused: true },
  // Lengths.
  { text: `${OK}content-length: 2\r\ncontent-length: 2\r\n\r\nok`, go: 200, curl: 200, body: 2, reused: true },
  { text: `${OK}content-length: 2, 2\r\n\r\nok`, go: 'refuses', curl: 200, body: 2, reused: true },
  { text: `${OK}content-length: 2 \r\n\r\nok`, go: 200, curl: 200, body: 2, reused: true },
  {
    text: `${OK}content-length: 2\r\nContent-Length: 3\r\n\r\nok`,
    go: 'refuses',
    curl: 200,
    body: 'until close',
    reused: false,
  },
  { text: `${OK}content-length: +2\r\n\r\nok`, go: 'refuses', curl: 200, body: 'until close', reused: false },
  { text: `${OK}content-length: 1e3\r\n\r\nok`, go: 'refuses', curl: 200, body: 'until close', reused: false },
  {
    text: `${OK}content-length: ${'9'.repeat(20)}\r\n\r\nok`,
    go: 'refuses',
    curl: 200,
    body: 'until close',
    reused: false,
  },
  // Neither takes these; the status was read, and stands.
  { text: `${OK}content-length: -1\r\n\r\nok`, go: 'refuses', curl: 'refuses', body: 'until close', reused: false },
  { text: `${OK}content-length: abc\r\n\r\nok`, go: 'refuses', curl: 'refuses', body: 'until close', reused: false },
  { text: `${OK}content-length:\r\n\r\nok`, go: 'refuses', curl: 'refuses', body: 'until close', reused: false },
  {
    text: `${OK}transfer-encoding: xchunked\r\n\r\nok`,
    go: 'refuses',
    curl: 'refuses',
    body: 'until close',
    reused: false,
  },
  // Codings.
  { text: `${OK}transfer-encoding: Chunked\r\n\r\n${CHUNKS}`, go: 200, curl: 200, body: 'chunked', reused: true },
  {
    text: `${OK}content-length: 9\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKS}`,
    ...{ go: 200, curl: 200, body: 'chunked', reused: false },
  },
  {
    text: `${OK}transfer-encoding: gzip, chunked\r\n\r\n${CHUNKS}`,
    go: 'refuses',
    curl: 200,
    body: 'chunked',
    reused: true,
  },
  { text: `${OK}transfer-encoding: identity\r\n\r\nok`, go: 'refuses', curl: 200, body: 'until close', reused: false },
  {
    text: `${OK}transfer-encoding: chunked, identity\r\n\r\nok`,
    go: 'refuses',
    curl: 200,
    body: 'until close',
    reused: false,
  },
  {
    text: `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKS}`,
    ...{ go: 'refuses', curl: 200, body: 'chunked', reused: false },
  },
  {
    text: `HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKS}`,
    ...{ go: 200, curl: 200, body: 'chunked', reused: false },
  },
  { text: 'HTTP/1.1 204 No\r\n\r\n', go: 204, curl: 204, body: 0, reused: true },
  { text: 'HTTP/1.1 204 No\r\ncontent-length: 2\r\n\r\n', go: 204, curl: 204, body: 0, reused: false },
  { text: 'HTTP/1.1 204 No\r\ntransfer-encoding: chunked\r\n\r\n', go: 204, curl: 204, body: 0, reused: false },
  { text: 'HTTP/1.1 304 Not\r\ncontent-length: 9\r\n\r\n', go: 304, curl: 304, body: 0, reused: true },
]

for (const { text, go, curl, body, reused } of taken) {
  test(`taken (Go: ${go}, curl: ${curl}): ${JSON.stringify(text.slice(0, 80))}`, () => {
    for (const pieces of [whole(text), byBytes(text)]) {
      const head = headIn(pieces)
      assert.ok(head !== null, 'the head did not end')
      if (go !== 'refuses') assert.equal(head.status, go)
      if (curl !== 'refuses') assert.equal(head.status, curl)
      assert.deepEqual({ body: head.body, reused: head.keepsAlive }, { body, reused })
    }
  })
}

const refused: (Case & { reason: RegExp })[] = [
  { text: 'HTTP/1.1 2000 OK\r\n', go: 'refuses', curl: 'refuses', reason: /status line .*2000 OK/ },
  { text: 'HTTP/1.1 20 OK\r\n', go: 'refuses', curl: 'refuses', reason: /status line/ },
  { text: 'HTTP/1.1 abc\r\n', go: 'refuses', curl: 'refuses', reason: /status line/ },
  { text: 'HTTP/1.1\r\n', go: 'refuses', curl: 'refuses', reason: /status line/ },
  { text: 'HTTP/1.1\t200 OK\r\n', go: 'refuses', curl: 'refuses', reason: /status line/ },
  { text: 'HTTP/1.10 200 OK\r\n', go: 'refuses', curl: 'refuses', reason: /status line/ },
  { text: 'ICY 200 OK\r\n', go: 'refuses', curl: 'refuses', reason: /not HTTP: it begins with "I/ },
  { text: '\r\nHTTP/1.1 200 OK\r\n', go: 'refuses', curl: 'refuses', reason: /not HTTP/ },
  { text: '<html>', go: 'refuses', curl: 'refuses', reason: /not HTTP: it begins with "</ },
  { text: 'SSH-2.0-OpenSSH_9.6', go: 'refuses', curl: 'refuses', reason: /not HTTP: it begins with "S/ },
  { text: `${OK} folded\r\n`, go: 'refuses', curl: 'refuses', reason: /first header line begins with a space/ },
  { text: `${OK}no colon\r\n`, go: 'refuses', curl: 'refuses', reason: /no colon: "no colon"/ },
  { text: `${OK}x\0y: a\r\n`, go: 'refuses', curl: 'refuses', reason: /NUL/ },
  { text: `${OK}x: a\0b\r\n`, go: 'refuses', curl: 'refuses', reason: /NUL/ },
  // No final status: one of the two takes these for a status of their own.
  { text: 'HTTP/1.1 099 OK\r\n', go: 99, curl: 'refuses', reason: /status line/ },
  { text: 'HTTP/1.1 000 OK\r\n', go: 0, curl: 'refuses', reason: /status line/ },
  // To curl this is the empty line, so that the field is the body.
  { text: `${OK}\rx: a\r\n`, go: 'refuses', curl: 200, reason: /carriage return/ },
]

for (const { text, go, curl, reason } of refused) {
  test(`refused at once (Go: ${go}, curl: ${curl}): ${JSON.stringify(text)}`, () => {
    for (const pieces of [whole(text), byBytes(text)]) {
      assert.throws(
        () => headIn(pieces),
        (error) => error instanceof InvalidResponse && reason.test(error.message),
      )
    }
  })
}

for (const [what, bytes, reason] of [
  ['a TLS alert', [0x15, 0x03, 0x01, 0, 2, 2, 70], /speaks TLS: the URL should begin with https/],
  ['the settings of HTTP/2', [0, 0, 18, 4, 0, 0, 0, 0, 0], /speaks HTTP\/2 only/],
] as const) {
  test(`${what} in place of an answer names the protocol`, () => {
    assert.throws(() => headIn([Buffer.from(bytes)]), reason)
  })
}

test('of a field that is no list the first one counts, and of others nothing is kept', () => {
  const fields = 'Retry-After: 1\r\nretry-after: 2\r\nx: y\r\nlocation: a\r\n b\r\nconnection: x\r\nConnection: close'
  assert.deepEqual(Object.fromEntries(headIn(whole(`${OK}${fields}\r\n${TWO}`))!.fields), {
    'retry-after': '1',
    location: 'a  b',
    connection: 'x, close',
    'content-length': '2',
  })
})

/** What becomes of these bytes: a head with what follows from it, none yet, or why it is refused. */
function resultOf(pieces: readonly Buffer[]): unknown {
  try {
    const head = headIn(pieces)
    return head === null ? 'more to come' : { ...head, fields: Object.fromEntries(head.fields) }
  } catch (error) {
    if (error instanceof InvalidResponse || error instanceof HeadTooLarge) return error.constructor.name
    throw error
  }
}

const anyPart = fc.constantFrom(
  ...['HTTP/1.1 200 OK', 'HTTP/1.0 ', '103', '204', '\r\n', '\n', '\r', ' ', '\t', ':', ',', '\0', '\x80', '\x01'],
  ...['content-length', 'Transfer-Encoding', 'chunked', 'connection', 'close', 'keep-alive', 'timeout=5', '5', 'x'],
  ...[
    'content-length: 5\r\n',
    'transfer-encoding: chunked\r\n',
    'x: y\r\n',
    '\r\n\r\n',
    'location: /',
    'y'.repeat(5_000),
  ],
)

test('whatever comes is read the same in one piece and in many, and is taken or refused by name', () => {
  const results = new Set<string>()
  fc.assert(
    fc.property(fc.array(anyPart, { maxLength: 30 }), fc.boolean(), (parts, begun) => {
      const text = (begun ? OK : '') + parts.join('')
      const result = resultOf(whole(text))
      results.add(typeof result === 'string' ? result : 'taken')
      // A reason may show more of what came where more has come; which fault it is, is the same.
      assert.deepEqual(resultOf(byBytes(text)), result)
      assert.deepEqual(resultOf([begun ? OK : '', ...parts].flatMap(whole)), result)
    }),
    { seed: 15, numRuns: 2_000 },
  )
  assert.deepEqual([...results].sort(), ['InvalidResponse', 'more to come', 'taken'])
})
