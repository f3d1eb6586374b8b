import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeadMemo } from '../../../../src/engine/client/http1/head-memo.ts'
import { MAX_HEAD_BYTES } from '../../../../src/engine/client/http1/head-scanner.ts'
import { HeadTooLarge, InvalidResponse } from '../../../../src/engine/client/http1/response-head.ts'
import { ResponseParser } from '../../../../src/engine/client/http1/response-parser.ts'

interface Read {
  status: number | null
  fields: Record<string, string>
  body: string
  ended: boolean
  /** What followed the response in the same bytes. */
  behind: string
}

/** Reads a response from these pieces; `closed` tells the parser that no more will come. */
function read(pieces: readonly Buffer[], closed = false): Read {
  const parser = new ResponseParser(new HeadMemo())
  const got: Read = { status: null, fields: {}, body: '', ended: false, behind: '' }
  parser.begin({
    onHead({ status, fields }) {
      assert.equal(got.status, null, 'one head only')
      got.status = status
      got.fields = Object.fromEntries(fields)
    },
    onBody(bytes) {
      assert.ok(bytes.length > 0)
      got.body += bytes.toString('latin1')
    },
  })
  for (const piece of pieces) got.behind += piece.subarray(parser.execute(piece)).toString('latin1')
  got.ended = closed ? parser.finish() : parser.ended
  return got
}

function inPieces(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1')
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...places, bytes.length].map((end, at) => bytes.subarray(places[at - 1] ?? 0, end))
}

const anyBody = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
const anyCuts = fc.array(fc.nat(5_000), { maxLength: 12 })
const anyStatus = fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304)

function chunked(body: string, sizes: readonly number[], extension: string, trailers: string): string {
  let [text, at, turn] = ['', 0, 0]
  while (at < body.length) {
    const piece = body.slice(at, at + sizes[turn++ % sizes.length]!)
    text += `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`
    at += piece.length
  }
  return `${text}0\r\n${trailers}\r\n`
}

test('a response with a length is read the same in whatever pieces it comes, and what follows is left', () => {
  fc.assert(
    fc.property(anyStatus, anyBody, anyCuts, anyBody, (status, body, cuts, behind) => {
      const head = `Content-Length: ${body.length}\r\nX-Y: z\r\nRetry-After:\t a  b \r\n`
      const text = `HTTP/1.1 ${status} Fine\r\n${head}\r\n${body}${behind}`
      const fields = { 'content-length': String(body.length), 'retry-after': 'a  b' }
      assert.deepEqual(read(inPieces(text, cuts)), { status, fields, body, ended: true, behind })
    }),
  )
})

test('a response in chunks is read the same, whatever their sizes, extensions and trailers', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 })
  const extension = fc.constantFrom('', ' ', ';a', ';a=b;c="d"')
  const trailers = fc.constantFrom('', 'a: b\r\n', 'a: b\r\nContent-Length: 7\r\n')
  fc.assert(
    fc.property(anyBody, sizes, extension, trailers, anyCuts, (body, size, ext, trailer, cuts) => {
      const text = `HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n${chunked(body, size, ext, trailer)}behind`
      const got = read(inPieces(text, cuts))
      assert.deepEqual([got.status, got.body, got.ended, got.behind], [200, body, true, 'behind'])
    }),
  )
})

test('a response without a length ends with its connection', () => {
  fc.assert(
    fc.property(anyBody, anyCuts, (body, cuts) => {
      const pieces = inPieces(`HTTP/1.0 200\r\n\r\n${body}`, cuts)
      assert.equal(read(pieces).ended, false)
      assert.deepEqual(read(pieces, true), { status: 200, fields: {}, body, ended: true, behind: '' })
    }),
  )
})

test('a response that ends too early has not ended', () => {
  const whole = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello`
  for (let length = 0; length < whole.length; length++) {
    assert.equal(read([Buffer.from(whole.slice(0, length))], true).ended, false, whole.slice(0, length))
  }
  const inChunks = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunked('hello', [2], '', 'a: b\r\n')}`
  for (let length = 0; length < inChunks.length; length++) {
    assert.equal(read([Buffer.from(inChunks.slice(0, length))], true).ended, false, inChunks.slice(0, length))
  }
})

for (const [what, head] of [
  ['204', 'HTTP/1.1 204 No Content'],
  ['304 with a length', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 9'],
  ['interim responses before it', 'HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 204 No'],
]) {
  test(`${what}: nothing follows the head`, () => {
    const got = read([Buffer.from(`${head}\r\n\r\nbehind`)])
    assert.deepEqual([got.body, got.ended, got.behind], ['', true, 'behind'])
  })
}

for (const framing of ['x\r\n', '-1\r\n', '123456789\r\n', '1 2\r\n', '2\r\nabc\r\n', '2\nab\r\n']) {
  test(`chunks that are ${JSON.stringify(framing)} are refused, in one piece and byte by byte`, () => {
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${framing}`, 'latin1')
    assert.throws(() => read([bytes]), InvalidResponse)
    assert.throws(() => read([...bytes].map((byte) => Buffer.from([byte]))), InvalidResponse)
  })
}

test('heads, lines between chunks and trailers without end are too large', () => {
  const field = `x: ${'y'.repeat(1_000)}\r\n`
  const interim = `HTTP/1.1 103 Early\r\n${field.repeat(50)}\r\n`
  const start = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
  for (const text of [
    `HTTP/1.1 200 OK\r\n${field.repeat(310)}`,
    `HTTP/1.1 200 ${'O'.repeat(MAX_HEAD_BYTES)}`,
    `HTTP/1.1 200 OK\r\n${'x'.repeat(MAX_HEAD_BYTES)}`,
    `HTTP/1.1 200 OK\r\n${'x: a\r\n'.repeat(5_001)}`,
    `HTTP/1.1 200 OK\r\nx: a\r\n${' '.repeat(MAX_HEAD_BYTES)}`,
    interim.repeat(7),
    `${start}1;${'x'.repeat(20_000)}`,
    `${start}0\r\n${field.repeat(17)}`,
  ]) {
    assert.throws(() => read([Buffer.from(text)]), HeadTooLarge)
    assert.throws(() => read(inPieces(text, [100, 1_000, 5_000, 10_000, 100_000])), HeadTooLarge)
  }
  assert.equal(read([Buffer.from(`HTTP/1.1 204 OK\r\n${field.repeat(300)}\r\n`)]).ended, true)
  assert.equal(read([Buffer.from(`HTTP/1.1 204 OK\r\n${'x: a\r\n'.repeat(5_000)}\r\n`)]).ended, true)
})

test('at most ten interim responses come before the response itself', () => {
  const after = (count: number) => `${'HTTP/1.1 103 Early\r\nlink: x\r\n\r\n'.repeat(count)}HTTP/1.1 204 No\r\n\r\n`
  assert.equal(read([Buffer.from(after(10))]).status, 204)
  assert.throws(() => read([Buffer.from(after(11))]), /more than 10 interim responses/)
})

test('one parser reads one response after the other, whatever a head before said', () => {
  const parser = new ResponseParser(new HeadMemo())
  const got: [number, boolean, number | null][] = []
  const sink = {
    onHead: ({ status, keepsAlive, idleMs }: never) => void got.push([status, keepsAlive, idleMs]),
    onBody() {},
  }
  for (const head of [
    'HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max=100',
    'HTTP/1.1 200 OK\r\nconnection: x, Close',
    'HTTP/1.1 200 OK\r\nconnection: x, Close',
    'HTTP/1.0 201 OK',
    'HTTP/1.0 200 OK\r\nconnection: Keep-Alive',
  ]) {
    parser.begin(sink)
    parser.execute(Buffer.from(`${head}\r\ncontent-length: 0\r\n\r\n`))
    assert.equal(parser.ended, true)
  }
  assert.deepEqual(got, [
    [200, true, 5_000],
    [200, false, null],
    [200, false, null],
    [201, false, null],
    [200, true, null],
  ])
})
