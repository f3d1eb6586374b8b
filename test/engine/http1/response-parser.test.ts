import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeadTooLarge, InvalidResponse, MAX_HEAD_BYTES } from '../../../src/engine/http1/response-head.ts'
import { HeadMemo, ResponseParser } from '../../../src/engine/http1/response-parser.ts'

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
      const text = `HTTP/1.1 ${status} Fine\r\nContent-Length: ${body.length}\r\nX-Y:\t a  b \r\n\r\n${body}${behind}`
      const fields = { 'content-length': String(body.length), 'x-y': 'a  b' }
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

for (const text of [
  'SSH-2.0-OpenSSH_9.6',
  'HTTP/2 200\r\n\r\n',
  'HTTP/1.1 20 OK\r\n\r\n',
  'HTTP/1.1 2000 OK\r\n\r\n',
  'HTTP/1.1  200 OK\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 1e3\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\nname : value\r\n\r\n',
  'HTTP/1.1 200 OK\r\n folded\r\n\r\n',
  'HTTP/1.1 200 OK\r\nx: a\u0000b\r\n\r\n',
  'HTTP/1.1 200 OK\r\nx: a\nb: c\r\n\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n123456789\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\nab\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nno trailer\r\n\r\n',
]) {
  test(`${JSON.stringify(text)} is refused, in one piece and byte by byte`, () => {
    const bytes = Buffer.from(text, 'latin1')
    assert.throws(() => read([bytes]), InvalidResponse)
    assert.throws(() => read([...bytes].map((byte) => Buffer.from([byte]))), InvalidResponse)
  })
}

test('heads, lines between chunks and trailers without end are too large', () => {
  const field = `x: ${'y'.repeat(1_000)}\r\n`
  const start = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
  const endless = [`HTTP/1.1 200 OK\r\n${field.repeat(17)}`, `${start}1;${'x'.repeat(MAX_HEAD_BYTES)}`]
  for (const text of [...endless, `${start}0\r\n${field.repeat(17)}`]) {
    assert.throws(() => read([Buffer.from(text)]), HeadTooLarge)
    assert.throws(() => read(inPieces(text, [100, 1_000, 5_000, 10_000])), HeadTooLarge)
  }
  assert.equal(read([Buffer.from(`HTTP/1.1 204 OK\r\n${field.repeat(16)}\r\n`)]).ended, true)
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
