import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonCount } from '../../../src/core/schema/json-count.ts'
import { parseInPieces } from '../../../src/http/body/json-pieces.ts'

/** What comes of a text in pieces of so many bytes, and how many pauses there were. */
async function inPieces(text: string, bytes: number): Promise<{ value?: unknown; error?: string; pauses: number }> {
  const body = Buffer.from(text)
  const count = new JsonCount()
  count.read(body, 0, body.length)
  let pauses = 0
  const pause = async () => {
    pauses += 1
  }
  try {
    return { value: await parseInPieces(body, count, { bytes, pause }), pauses }
  } catch (error) {
    assert.ok(error instanceof SyntaxError)
    return { error: error.message, pauses }
  }
}

function whole(text: string): { value?: unknown; error?: string } {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

async function expectSame(text: string, bytes: number): Promise<void> {
  const { pauses: _, ...pieces } = await inPieces(text, bytes)
  assert.deepEqual(pieces, whole(text), text)
}

test('a list is parsed a piece at a time', async () => {
  const messages = Array.from({ length: 100 }, (_, i) => ({ data: `${i}`.padStart(89, 'x') }))
  const { value, pauses } = await inPieces(JSON.stringify({ messages, more: [1, 2] }), 1_000)
  assert.deepEqual(value, { messages, more: [1, 2] })
  assert.equal(pauses, 10)
})

test('what is odd is what JSON.parse makes of it', async () => {
  for (const text of [
    '{"a":[],"a":[1,2,3]}',
    '{"a":[1,2,3],"a":[]}',
    '{"a":[1,2,3],"a":1}',
    '{"a":[1,2,3],"\\u0061":[]}',
    '{"__proto__":[1,2,3]}',
    '{"a":[1,,2]}',
    '{"a":[1,2,]}',
    '{"a":[,]}',
    '{"a":[ ]}',
    '{"a":[1 2]}',
    '{"a":[1,2}}',
    '{"a":[1,{]2]}',
    '{"a":[1,2]',
    '{"a":[1],[2,3]}',
    '{[1,2,3]}',
    '{"a":"b"[1,2]}',
    '[{"a":[1,2]}]',
    '{"a":[1,2]}{"a":[3]}',
    '{"a":{"b":[1,2,3]}}',
    '{"":["é","\\ud83d\\ude42",null,[[]],{"a":[1]}]}',
    '{"a":["\n"]}',
  ]) {
    for (const bytes of [1, 3, 1_000]) await expectSame(text, bytes)
  }
})

const list = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 8 })
const batch = fc.record({ messages: list, other: fc.jsonValue({ maxDepth: 2 }), more: list }, { requiredKeys: [] })
const indent = fc.constantFrom(0, 1)

test('any batch, whole or damaged, is what JSON.parse makes of it', async () => {
  const damage = fc.option(fc.tuple(fc.nat(), fc.constantFrom('', ',', '[', ']', '{', '}', '"', '\\', ':', '1', ' ')))
  const property = fc.asyncProperty(
    batch,
    indent,
    damage,
    fc.integer({ min: 1, max: 20 }),
    async (value, by, at, bytes) => {
      const text = JSON.stringify(value, null, by)
      if (at === null) return expectSame(text, bytes)
      const place = at[0] % text.length
      return expectSame(text.slice(0, place) + at[1] + text.slice(place + 1), bytes)
    },
  )
  await fc.assert(property, { seed: 43, numRuns: 3_000 })
})
