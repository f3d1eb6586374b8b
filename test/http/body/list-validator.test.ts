import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../src/core/problem.ts'
import { lazyCompilers } from '../../../src/http/body/compilers.ts'

const MESSAGE = {
  type: 'object',
  required: ['data'],
  properties: { data: { type: 'string' } },
  additionalProperties: false,
}
const BATCH = {
  type: 'object',
  required: ['messages'],
  properties: { messages: { type: 'array', items: MESSAGE, minItems: 1, maxItems: 1_000 } },
  additionalProperties: false,
}
const OPTIONS = { allErrors: true, verbose: true, coerceTypes: false, removeAdditional: false } as const
const compile = lazyCompilers().buildValidator({}, { customOptions: OPTIONS })
const compiled = (schema: object) =>
  compile({ method: 'POST', url: '/', httpPart: 'body', schema } as never) as unknown as ((
    data: unknown,
  ) => unknown) & { errors: unknown[] | null }

/** Counts the turns of the event loop until a promise has ended. */
async function turnsOf(work: Promise<unknown>): Promise<number> {
  let [turns, ended] = [0, false]
  const end = () => {
    ended = true
  }
  work.then(end, end)
  while (!ended) {
    await new Promise((resolve) => setImmediate(resolve))
    turns += 1
  }
  return turns
}

async function faultsOf(data: unknown): Promise<string[]> {
  const checked = compiled(BATCH)(data) as Promise<true>
  return checked.then(
    () => [],
    (error) => {
      assert.ok(error instanceof Problem)
      return error.errors!.map(({ path }) => path)
    },
  )
}

test('others have their turn while a thousand messages are checked', async () => {
  const messages = Array.from({ length: 1_000 }, () => ({ data: 'x' }))
  assert.ok((await turnsOf(compiled(BATCH)({ messages }) as Promise<true>)) >= 10)
})

test('faults of a long list say where they are, in their order, and end at twenty', async () => {
  const messages: unknown[] = Array.from({ length: 1_000 }, () => ({ data: 'x' }))
  messages[7] = { data: 1 }
  messages[700] = { data: 'x', datum: 1 }
  messages[999] = null
  assert.deepEqual(await faultsOf({ messages }), ['/messages/7/data', '/messages/700/datum', '/messages/999'])
  assert.equal((await faultsOf({ messages: messages.map(() => ({})) })).length, 20)
  assert.deepEqual(await faultsOf({ messages: [{ data: 'x' }], more: 1 }), ['/more'])
  assert.deepEqual(await faultsOf({ messages: [] }), ['/messages'])
  assert.deepEqual(await faultsOf({ messages: {} }), ['/messages'])
  assert.deepEqual(await faultsOf([]), [''])
})

test('of a large thing only the first fault is looked for, of a small one all', async () => {
  const unknown = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, i]))
  const validate = compiled(MESSAGE)
  assert.equal(validate(unknown(10)), false)
  assert.equal(validate.errors!.length, 11)
  assert.equal(validate(unknown(50_000)), false)
  assert.equal(validate.errors!.length, 1)
  assert.equal(validate({ data: 'x' }), true)
  assert.equal(validate.errors, null)
})
