// That heads are read in linear time, by counting: a head that is twice as long costs twice as many looks at bytes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeadMemo } from '../../../../src/engine/client/http1/head-memo.ts'
import { MAX_HEAD_BYTES } from '../../../../src/engine/client/http1/head-scanner.ts'
import { ResponseParser } from '../../../../src/engine/client/http1/response-parser.ts'
import { rounds } from '../../../support/thorough.ts'

/** Each byte is looked at, and copied into a text or compared, a few times at most, whatever stands around it. */
const MOST_LOOKS = 4

/** These bytes, with every look at one of them counted, whether by its index or by a method that goes over many. */
function counted(bytes: Buffer, look: (count: number) => void): Buffer {
  return new Proxy(bytes, {
    get(target, key) {
      const part: unknown = Reflect.get(target, key, target)
      if (typeof key === 'string' && /^\d+$/.test(key)) look(1)
      if (typeof part !== 'function') return part
      return (...args: unknown[]) => {
        look(spanOf(target, String(key), args as never[]))
        return (part as (...args: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}

/** How many bytes a method goes over at most. */
function spanOf(target: Buffer, method: string, args: never[]): number {
  if (method === 'toString') return Math.min(target.length, args[2] ?? target.length) - (args[1] ?? 0)
  if (method === 'copy') return (args[3] ?? target.length) - (args[2] ?? 0)
  if (method === 'compare') return (args[4] ?? target.length) - (args[3] ?? 0)
  return method === 'subarray' ? 0 : target.length
}

function looksAt(text: string, pieceLength: number): number {
  const bytes = Buffer.from(text, 'latin1')
  let looks = 0
  const parser = new ResponseParser(new HeadMemo())
  parser.begin({ onHead() {}, onBody() {} })
  try {
    for (let at = 0; at < bytes.length; at += pieceLength) {
      parser.execute(counted(bytes.subarray(at, at + pieceLength), (count) => (looks += count)))
    }
  } catch {
    // Refused; what it cost until then is what counts.
  }
  return looks
}

const OK = 'HTTP/1.1 200 OK\r\n'
const END = 'content-length: 0\r\n\r\n'
const SHAPES: [string, (size: number) => string][] = [
  ['a value of spaces and a control character', (size) => `${OK}x: ${' '.repeat(size)}\x01\r\n${END}`],
  ['a value of spaces and a NUL', (size) => `${OK}x: ${' '.repeat(size)}\0\r\n${END}`],
  ['a kept value of spaces', (size) => `${OK}location: ${' '.repeat(size)}x\r\n${END}`],
  ['a kept value of commas', (size) => `${OK}connection: ${', '.repeat(size / 2)}\r\n${END}`],
  ['a name of spaces', (size) => `${OK}x${' '.repeat(size)}: a\r\n${END}`],
  ['a name without a colon', (size) => `${OK}${'x'.repeat(size)}\r\n${END}`],
  ['a reason phrase', (size) => `HTTP/1.1 200 ${' x'.repeat(size / 2)}\r\n${END}`],
  ['spaces before the status', (size) => `HTTP/1.1${' '.repeat(size)}200 OK\r\n${END}`],
  ['carriage returns', (size) => `${OK}x: ${'\r'.repeat(size)}\r\n${END}`],
  ['folds', (size) => `${OK}connection: a\r\n${' b\r\n'.repeat(size / 4)}${END}`],
  ['empty folds', (size) => `${OK}transfer-encoding: a\r\n${' \n'.repeat(size / 2)}${END}`],
  ['fields', (size) => `${OK}${'a:b\n'.repeat(size / 4)}${END}`],
  ['the same kept field', (size) => `${OK}${'connection: a\r\n'.repeat(size / 15)}${END}`],
  ['lengths', (size) => `${OK}${'content-length: 1\r\n'.repeat(size / 19)}${END}`],
  ['a head without end', (size) => `${OK}x: ${'y'.repeat(size)}`],
  ['interim responses', (size) => `HTTP/1.1 103 E\r\nx: ${'y'.repeat(size / 8)}\r\n\r\n`.repeat(8) + OK + END],
]

for (const [what, shape] of SHAPES) {
  test(`${what}: twice as many cost twice as much at most, in one piece and in small ones`, () => {
    const sizes = [9_120, 36_480, 145_920].slice(0, rounds({ quick: 2, long: 3 }))
    for (const pieceLength of [1, 100, MAX_HEAD_BYTES]) {
      for (const size of sizes) {
        const text = shape(size)
        const looks = looksAt(text, pieceLength)
        assert.ok(looks <= MOST_LOOKS * text.length, `${looks} looks at ${text.length} bytes in ${pieceLength}s`)
        assert.ok(looks > 0)
      }
    }
  })
}

test('the counting sees a reader that looks again and again', () => {
  let looks = 0
  const bytes = counted(Buffer.from('a'.repeat(100)), (count) => (looks += count))
  for (let end = 0; end < 100; end++) bytes.toString('latin1', 0, end)
  assert.equal(looks, 4_950)
})

test('an answer in the words of the one before is compared, and no byte of its head is read', () => {
  const memo = new HeadMemo()
  const bytes = Buffer.from(`${OK}date: today\r\n${END}`)
  let heads = 0
  for (const [at, piece] of [bytes, counted(bytes, (count) => assert.equal(count, bytes.length))].entries()) {
    const parser = new ResponseParser(memo)
    parser.begin({ onHead: () => (heads += 1), onBody() {} })
    assert.equal(parser.execute(piece), bytes.length)
    assert.equal(heads, at + 1)
  }
})
