import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { compileSchema } from '../../../src/core/schema/compiled-schema.ts'
import type { Schema } from '../../../src/core/schema/schema.ts'
import { schemaFaults } from '../../../src/core/schema/schema-faults.ts'
import { schemaId } from '../../../src/core/schema/schema-id.ts'
import { name, objectOf, root } from './schema-samples.ts'

// Every run tries the same schemas and values, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

test('what is made to fit a schema fits it', () => {
  const cases = root.chain(({ schema, fitting }) => fc.tuple(fc.constant(schema), fitting))
  fc.assert(
    fc.property(cases, ([schema, value]) => {
      assert.deepEqual(schemaFaults(schema), [])
      assert.deepEqual(compileSchema(schema).check(JSON.stringify(value)), [])
    }),
    { numRuns: 200 },
  )
})

test('what is broken in one place has a fault that names the place, and no other', () => {
  const cases = root.chain(({ schema, broken }) => fc.tuple(fc.constant(schema), broken))
  fc.assert(
    fc.property(cases, ([schema, { value, path }]) => {
      const faults = compileSchema(schema).check(JSON.stringify(value))
      assert.deepEqual(
        faults.map((fault) => fault.path),
        [`/data${path}`],
      )
    }),
    { numRuns: 200 },
  )
})

test('a check never changes what the next one says', () => {
  const cases = root.chain(({ schema, fitting, broken }) => fc.tuple(fc.constant(schema), fitting, broken))
  fc.assert(
    fc.property(cases, ([schema, fitting, broken]) => {
      const compiled = compileSchema(schema)
      const first = compiled.check(JSON.stringify(broken.value))
      assert.deepEqual(compiled.check(JSON.stringify(fitting)), [])
      assert.deepEqual(compiled.check(JSON.stringify(broken.value)), first)
    }),
    { numRuns: 100 },
  )
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return objectOf(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  )
}

test('the id does not depend on the order of names, nor on a trip through JSON', () => {
  fc.assert(
    fc.property(root, ({ schema }) => {
      assert.equal(schemaId(reversed(schema) as Schema), schemaId(schema))
      assert.equal(schemaId(JSON.parse(JSON.stringify(schema))), schemaId(schema))
    }),
    { numRuns: 100 },
  )
})

/** So few that two of them are often the same. */
const tiny = fc
  .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('string', 'number'), fc.constantFrom({}, { min: 0 }, { min: 1 }))
  .map(([key, type, member]) => ({ [key]: { type, ...member } }) as Schema)

test('different schemas have different ids, and equal ones the same', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(tiny, tiny),
        fc.tuple(
          tiny,
          root.map(({ schema }) => schema),
        ),
      ),
      ([one, other]) => {
        assert.equal(schemaId(one) === schemaId(other), isDeepStrictEqual(one, other))
      },
    ),
    { numRuns: 200 },
  )
})

const members = fc.constantFrom('type', 'props', 'items', 'pattern', 'enum', 'min', 'max', 'required', 'strict')
const types = fc.constantFrom('object', 'array', 'string', 'number')

/** Nearly a schema: the right words in the wrong places. */
const nearly = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<unknown>('object', 'array', 'string', 'number', 'a+', '(', '/x/i', '(?i)a', '((a{99}){99}){99}'),
    fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e300),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.oneof(members, name), tie('value')), { maxLength: 5 }).map(objectOf),
    fc.tuple(types, tie('value'), tie('value')).map(([type, props, items]) => ({ type, props, items })),
    fc.tuple(types, tie('value')).map(([type, pattern]) => ({ type, pattern })),
  ),
})).value
test('no value makes the judge of schemas throw, and what it lets pass can be used', () => {
  let passed = 0
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        nearly,
        fc.tuple(name, nearly).map((entry) => objectOf([entry])),
      ),
      (value) => {
        const faults = schemaFaults(value)
        assert.ok(faults.length <= 20)
        for (const fault of faults) assert.match(fault.path, /^\/schema(\/|$)/)
        if (faults.length > 0) return
        passed++
        assert.match(schemaId(value as Schema), /^[0-9a-f]{64}$/)
        compileSchema(value as Schema).check('{}')
      },
    ),
    { numRuns: 2_000 },
  )
  assert.ok(passed > 0, 'some of them are schemas')
})

test('no text makes a check throw', () => {
  const schema = compileSchema({ a: { type: 'object', props: { b: { type: 'array', items: { type: 'string' } } } } })
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify({ a: value })),
  )
  fc.assert(
    fc.property(texts, (data) => {
      assert.ok(schema.check(data).length <= 20)
    }),
    { numRuns: 300 },
  )
})
