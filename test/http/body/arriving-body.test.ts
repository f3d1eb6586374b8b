// How a body is collected while it comes: refused as soon as there is too much in it, and a piece at a time.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FastifyRequest } from 'fastify'
import type { Problem } from '../../../src/core/problem.ts'
import { JsonCount } from '../../../src/core/schema/json-count.ts'
import { type Arrived, collectBody, PIECE_BYTES } from '../../../src/http/body/arriving-body.ts'

const LIMIT = 16 * 1024 * 1024
const CHUNK = 64 * 1024

interface Collected {
  problem: Problem | null
  arrived: Arrived | undefined
  /** Of the body, when it was over. */
  read: number
}

/** Collects what comes in such chunks, which are all there at once. */
function collect(
  chunks: readonly Buffer[],
  headers: Record<string, string> = {},
  bodyLimit = LIMIT,
): Promise<Collected> {
  const request = { headers, routeOptions: { bodyLimit } } as unknown as FastifyRequest
  let read = 0
  const payload = new Readable({ read: () => undefined })
  for (const chunk of chunks) payload.push(chunk)
  payload.push(null)
  payload.on('data', (chunk: Buffer) => {
    read += chunk.length
  })
  return new Promise((resolve) => {
    collectBody(request, payload, (problem, arrived) => resolve({ problem: problem as Problem | null, arrived, read }))
  })
}

function chunksOf(body: Buffer, bytes = CHUNK): Buffer[] {
  return Array.from({ length: Math.ceil(body.length / bytes) }, (_, n) => body.subarray(n * bytes, (n + 1) * bytes))
}

const announced = (body: Buffer) => ({ 'content-length': String(body.length) })

test('a body is what came, and counted as a whole, whatever it came in', async () => {
  const text = fc.oneof(fc.json(), fc.string())
  const property = fc.asyncProperty(text, fc.integer({ min: 1, max: 50 }), fc.boolean(), async (given, size, says) => {
    // Long enough to be counted, in text that counts as one value.
    const body = Buffer.from(`{"long":"${'x'.repeat(PIECE_BYTES)}","more":[${given}]}`)
    const chunks = [body.subarray(0, PIECE_BYTES), ...chunksOf(body.subarray(PIECE_BYTES), size)]
    const { problem, arrived } = await collect(chunks, says ? announced(body) : {})
    assert.equal(problem, null)
    assert.ok(arrived!.bytes.equals(body))
    const whole = new JsonCount()
    assert.equal(whole.read(body, 0, body.length), null)
    const { values, properties, longest } = arrived!.count!
    assert.deepEqual({ values, properties, longest }, { ...whole })
  })
  await fc.assert(property, { numRuns: 200 })
})

for (const [what, body, detail] of [
  ['values', Buffer.from(`{"messages":[${'{},'.repeat(4_000_000)}{}]}`), 'the body holds more than 100000 values'],
  ['levels', Buffer.from(`{"a":${'['.repeat(4_000_000)}`), 'the body holds more than 100 levels of arrays and objects'],
  [
    'letters in a string',
    Buffer.from(`{"messages":[{"data":"${'x'.repeat(15_000_000)}"}]}`),
    'the body holds a string of more than 1572864 bytes',
  ],
] as const) {
  test(`one with too many ${what} is refused with the piece that has them`, async () => {
    for (const headers of [announced(body), {}]) {
      const { problem, read } = await collect(chunksOf(body), headers)
      assert.deepEqual([problem?.status, problem?.detail], [413, detail])
      assert.ok(read <= 1_800_000, `${read} bytes of ${body.length} were read`)
    }
  })
}

test('while a long one comes, everything else has its turn after each piece', async () => {
  const body = Buffer.from(`{"a":1${' '.repeat(64 * PIECE_BYTES - 7)}}`)
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const { problem } = await collect(chunksOf(body), announced(body))
  isOver = true
  assert.equal(problem, null)
  assert.ok(turns >= 60, `${turns} turns`)
})

test('one that is longer than it may be, or than it said, or shorter, is refused', async () => {
  const body = Buffer.from('{"a":1}')
  const statusOf = async (headers: Record<string, string>, most?: number) =>
    (await collect([body], headers, most)).problem?.status
  assert.equal(await statusOf({ 'content-length': '7' }), undefined)
  assert.equal(await statusOf({ 'content-length': '7' }, 6), 413)
  assert.equal(await statusOf({}, 6), 413)
  assert.equal(await statusOf({ 'content-length': '8' }), 400)
  assert.equal(await statusOf({ 'content-length': '6' }), 400)
})

test('a connection that ends before its body is a request that cannot be read, and no fault of the server', async () => {
  const payload = new Readable({ read: () => undefined })
  const request = {
    headers: { 'content-length': '10' },
    routeOptions: { bodyLimit: LIMIT },
  } as unknown as FastifyRequest
  const problem = await new Promise<Problem | null>((resolve) => {
    collectBody(request, payload, (error) => resolve(error as Problem | null))
    payload.push('{"a":')
    payload.destroy(new Error('reset'))
  })
  assert.equal(problem?.code, 'bad_request')
})
