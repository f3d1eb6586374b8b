import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fault } from '../../../src/core/problem.ts'
import { MAX_SCHEMA_BYTES } from '../../../src/core/schema/schema.ts'
import { schemaFaults } from '../../../src/core/schema/schema-faults.ts'

const text = { type: 'string' }

/** `{ <name>: rule }` nested in objects, until the rule is on this level. */
function onLevel(level: number, rule: unknown): unknown {
  return level === 1 ? { p: rule } : { p: { type: 'object', props: onLevel(level - 1, rule) } }
}

function properties(count: number, rule: unknown = text): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, rule]))
}

function isFaulty(schema: unknown, ...faults: Fault[]): void {
  assert.deepEqual(schemaFaults(schema), faults)
}

/** One rule is wrong: the fault's path is below `/schema/p`. */
function isWrong(rule: unknown, path: string, message: string): void {
  isFaulty({ p: rule }, { path: `/schema/p${path}`, message })
}

describe('a schema without faults', () => {
  const good: Record<string, unknown> = {
    'has one property': { p: text },
    'has every member of every rule': {
      object: { type: 'object', props: { p: text }, required: false, strict: false },
      array: { type: 'array', items: { type: 'number', required: false }, required: true },
      string: { type: 'string', pattern: '^a+$', enum: ['a', 'aa'], min: 0, max: 2, required: true },
      number: { type: 'number', min: -0.5, max: 1e300, required: false },
    },
    'allows exactly one length and one number': {
      string: { type: 'string', min: 3, max: 3 },
      number: { type: 'number', min: 3, max: 3 },
    },
    'goes down to level 8': onLevel(8, text),
    'has an array of arrays down to level 8': onLevel(6, { type: 'array', items: { type: 'array', items: text } }),
    'has 256 properties': properties(256),
    'has the names that objects have anyway': JSON.parse(
      '{"__proto__":{"type":"string"},"constructor":{"type":"number"},"toString":{"type":"string"},"":{"type":"number"}}',
    ),
    'has names of rule members': { type: text, props: text, items: text, required: text },
  }
  for (const [what, schema] of Object.entries(good)) test(what, () => isFaulty(schema))
})

describe('a schema must be an object of rules', () => {
  for (const value of [null, undefined, true, 1, 'string', [], [text]]) {
    test(`${JSON.stringify(value)} is none`, () => {
      isFaulty(value, { path: '/schema', message: 'must be an object that maps each property to its rule' })
    })
  }

  test('an empty one declares nothing, like an object without props', () => {
    isFaulty({}, { path: '/schema', message: 'must declare at least one property' })
    isWrong({ type: 'object', props: {} }, '/props', 'must declare at least one property')
  })

  for (const value of [null, true, 'string', ['string']]) {
    test(`${JSON.stringify(value)} is no rule`, () => {
      isWrong(value, '', 'must be a rule, which is an object such as {"type":"string"}')
    })
  }

  test('the caller says where the schema is', () => {
    assert.deepEqual(schemaFaults({}, '/queue/schema'), [
      { path: '/queue/schema', message: 'must declare at least one property' },
    ])
  })

  test('names are escaped in the path, and cut where they are long', () => {
    const message = 'is required; it is "object", "array", "string", "number"'
    isFaulty({ 'a/b~c': {} }, { path: '/schema/a~1b~0c/type', message })
    isFaulty({ ['x'.repeat(500)]: {} }, { path: `/schema/${'x'.repeat(128)}/type`, message })
  })
})

describe('a rule', () => {
  test('has one of four types', () => {
    const message = 'must be one of "object", "array", "string", "number"'
    for (const type of ['boolean', 'integer', 'constructor', '__proto__', '', 1, null, ['string']]) {
      isWrong({ type }, '/type', message)
    }
  })

  test('has the members that its type demands', () => {
    isWrong({ type: 'object' }, '/props', 'is required')
    isWrong({ type: 'array' }, '/items', 'is required')
  })

  test('has no members of other types, and is told which it may have', () => {
    isWrong(
      { type: 'number', pattern: 'a' },
      '/pattern',
      'is not known here; allowed are "type", "min", "max", "required"',
    )
    isWrong(
      { type: 'array', items: text, min: 1 },
      '/min',
      'is not known here; allowed are "type", "items", "required"',
    )
    isWrong(
      { type: 'object', props: { p: text }, enum: [] },
      '/enum',
      'is not known here; allowed are "type", "props", "required", "strict"',
    )
  })

  test('cannot smuggle a member in by a name that objects have anyway', () => {
    const message = 'is not known here; allowed are "type", "pattern", "enum", "min", "max", "required"'
    for (const name of ['__proto__', 'constructor', 'toString']) {
      isFaulty(JSON.parse(`{"p":{"type":"string","${name}":1}}`), { path: `/schema/p/${name}`, message })
    }
    assert.equal(({} as Record<string, unknown>).type, undefined)
  })

  test('switches are booleans', () => {
    isWrong({ type: 'string', required: 'yes' }, '/required', 'must be true or false')
    isWrong({ type: 'object', props: { p: text }, strict: null }, '/strict', 'must be true or false')
  })

  test('the length of a string is counted in whole characters', () => {
    for (const max of [-1, 1.5, '3', null, 2 ** 53]) {
      isWrong({ type: 'string', max }, '/max', 'must be a whole number of characters, from 0')
    }
  })

  test('the bounds of a number are finite numbers', () => {
    for (const min of ['3', null, [1], JSON.parse('1e999')]) {
      isWrong({ type: 'number', min }, '/min', 'must be a number that fits into 64 bits of floating point')
    }
  })

  test('min is not above max', () => {
    isWrong({ type: 'number', min: 2, max: 1 }, '/min', 'must not be greater than max')
    isWrong({ type: 'string', min: 2, max: 1 }, '/min', 'must not be greater than max')
  })

  test('enum is an array of distinct strings', () => {
    for (const value of ['a', [], {}, null]) {
      isWrong({ type: 'string', enum: value }, '/enum', 'must be an array of at least one string')
    }
    isWrong({ type: 'string', enum: ['a', 1] }, '/enum/1', 'must be a string')
    isWrong({ type: 'string', enum: ['a', 'b', 'a'] }, '/enum/2', 'must not be there twice')
  })

  test('texts are valid Unicode, because canonical JSON has no other', () => {
    const message = 'must be valid Unicode; it holds half of a surrogate pair'
    isFaulty({ '\ud800': text }, { path: '/schema/\ud800', message })
    isWrong({ type: 'string', enum: ['\udc00'] }, '/enum/0', message)
    isWrong({ type: 'string', pattern: 'a\ud800' }, '/pattern', message)
  })

  test('every fault is told, wherever it is', () => {
    const schema = {
      a: { type: 'string', min: -1 },
      b: { type: 'array', items: { type: 'object', props: { c: { type: 'text' } } } },
    }
    assert.deepEqual(
      schemaFaults(schema).map((fault) => fault.path),
      ['/schema/a/min', '/schema/b/items/props/c/type'],
    )
  })
})

describe('the limits of a schema', () => {
  test('nothing is below level 8', () => {
    isFaulty(onLevel(9, text), {
      path: `/schema${'/p/props'.repeat(8)}/p`,
      message: 'is on level 9; a schema has at most 8 levels',
    })
  })

  test('an entry of an array is one level below it', () => {
    isFaulty(onLevel(8, { type: 'array', items: text }), {
      path: `/schema${'/p/props'.repeat(7)}/p/items`,
      message: 'is on level 9; a schema has at most 8 levels',
    })
  })

  test('257 properties are one too many, and those of nested objects count', () => {
    const message = 'must declare at most 256 properties in all, not 257'
    isFaulty(properties(257), { path: '/schema', message })
    isFaulty({ ...properties(200), p: { type: 'object', props: properties(56) } }, { path: '/schema', message })
  })

  test('64 KiB of JSON are allowed, in bytes and not in characters, and one more is refused', () => {
    const sized = (filling: string) => ({ p: { type: 'string', enum: [filling] } })
    const room = MAX_SCHEMA_BYTES - Buffer.byteLength(JSON.stringify(sized('')))
    isFaulty(sized('x'.repeat(room)))
    const wide = 'é'.repeat(Math.floor(room / 2)) + 'x'.repeat(room % 2)
    isFaulty(sized(wide))
    const message = 'must be at most 65536 bytes of JSON, not 65537'
    isFaulty(sized('x'.repeat(room + 1)), { path: '/schema', message })
    isFaulty(sized(`${wide}x`), { path: '/schema', message })
  })

  test('a schema that is wrong a thousand times is told 20 times', () => {
    assert.equal(schemaFaults(properties(1_000, 'text')).length, 20)
    assert.equal(schemaFaults({ p: { type: 'string', enum: Array(1_000).fill(1) } }).length, 20)
  })

  test('nesting without end is refused, not followed', () => {
    const deep = (depth: number, [open, close]: [string, string], core: string) =>
      JSON.parse(open.repeat(depth) + core + close.repeat(depth))
    const rules = deep(50_000, ['{"p":{"type":"object","props":', '}}'], '{}')
    assert.deepEqual(schemaFaults(rules).length, 1)
    const unknown = { p: { type: 'string', extra: deep(50_000, ['[', ']'], '1') } }
    assert.deepEqual(
      schemaFaults(unknown).map((fault) => fault.path),
      ['/schema/p/extra'],
    )
  })
})
