import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fault } from '../../../src/core/problem.ts'
import { compileSchema } from '../../../src/core/schema/compiled-schema.ts'
import type { Rule, Schema } from '../../../src/core/schema/schema.ts'
import { schemaFaults } from '../../../src/core/schema/schema-faults.ts'

function faultsOf(schema: Schema, data: string): Fault[] {
  assert.deepEqual(schemaFaults(schema), [], 'the test has a schema that is allowed')
  return compileSchema(schema).check(data)
}

function fits(schema: Schema, data: string): void {
  assert.deepEqual(faultsOf(schema, data), [])
}

function fails(schema: Schema, data: string, ...faults: [path: string, message: string][]): void {
  assert.deepEqual(
    faultsOf(schema, data),
    faults.map(([path, message]) => ({ path, message })),
  )
}

const order: Schema = {
  id: { type: 'string', pattern: '^[A-Z]{2}-\\d+$' },
  status: { type: 'string', enum: ['new', 'paid'] },
  items: {
    type: 'array',
    items: {
      type: 'object',
      props: { name: { type: 'string', min: 1, max: 10 }, price: { type: 'number', min: 0, max: 10 } },
    },
  },
  note: { type: 'string', required: false },
}

test('a message that fits has no faults', () => {
  fits(order, '{"id":"AB-1","status":"new","items":[{"name":"pen","price":0},{"name":"ink","price":10}],"note":""}')
  fits(order, ' {"items":[],"status":"paid","id":"XY-22"}\n')
})

test('every fault says where and why, and what is allowed', () => {
  fails(
    order,
    '{"id":"ab","status":"old","items":[{"name":"","price":11},{"price":"1","size":3}],"total":1}',
    ['/data/id', 'must match the pattern "^[A-Z]{2}-\\\\d+$"'],
    ['/data/status', 'must be one of "new", "paid"'],
    ['/data/items/0/name', 'must have a length from 1 to 10 characters'],
    ['/data/items/0/price', 'must be a number from 0 to 10'],
    ['/data/items/1/name', 'is required'],
    ['/data/items/1/price', 'must be a number from 0 to 10'],
    ['/data/items/1/size', 'is not declared; allowed are "name", "price"'],
    ['/data/total', 'is not declared; allowed are "id", "status", "items", "note"'],
  )
})

test('the caller says where the data is', () => {
  const schema = compileSchema({ p: { type: 'string' } })
  assert.deepEqual(schema.check('{}', '/messages/3/data'), [{ path: '/messages/3/data/p', message: 'is required' }])
})

describe('data that is no JSON object', () => {
  const rule = 'must be the text of a JSON object that fits the schema;'
  for (const data of ['null', 'true', '1', '"{}"', '[]', '[{"p":"x"}]']) {
    test(`${data} is refused`, () => {
      fails({ p: { type: 'string' } }, data, ['/data', `${rule} it is JSON, but not an object`])
    })
  }
  for (const [data, reason] of [
    ['', 'it is not valid JSON'],
    ['{"p":', 'it is not valid JSON'],
    ['{p:1}', 'it is not valid JSON at position 1'],
    ['{"p":1} x', 'it is not valid JSON at position 8'],
    ['\uFEFF{}', 'it is not valid JSON'],
  ]) {
    test(`${JSON.stringify(data)} is refused, without being quoted`, () => {
      fails({ p: { type: 'string' } }, data!, ['/data', `${rule} ${reason}`])
    })
  }
})

describe('required', () => {
  const all: Rule[] = [
    { type: 'string' },
    { type: 'number' },
    { type: 'array', items: { type: 'string' } },
    { type: 'object', props: { q: { type: 'string' } } },
  ]
  for (const rule of all) {
    test(`a required ${rule.type} is neither missing nor null`, () => {
      for (const schema of [{ p: rule }, { p: { ...rule, required: true } }]) {
        fails(schema, '{}', ['/data/p', 'is required'])
        fails(schema, '{"p":null}', ['/data/p', 'is required, and null is no value'])
      }
    })
    test(`a ${rule.type} that is not required may be missing or null, and must fit where it is there`, () => {
      const schema: Schema = { p: { ...rule, required: false } }
      fits(schema, '{}')
      fits(schema, '{"p":null}')
      assert.equal(faultsOf(schema, '{"p":false}')[0]?.path, '/data/p')
    })
  }

  test('an entry of an array may be null where entries are not required', () => {
    fails({ p: { type: 'array', items: { type: 'string' } } }, '{"p":["a",null]}', [
      '/data/p/1',
      'is required, and null is no value',
    ])
    fits({ p: { type: 'array', items: { type: 'string', required: false } } }, '{"p":["a",null]}')
  })

  test('what is required within an object is only asked for where the object is', () => {
    const schema: Schema = { p: { type: 'object', required: false, props: { q: { type: 'string' } } } }
    fits(schema, '{}')
    fails(schema, '{"p":{}}', ['/data/p/q', 'is required'])
  })
})

describe('strict', () => {
  const inner = (strict?: boolean): Schema => ({ p: { type: 'object', strict, props: { q: { type: 'string' } } } })

  test('an object is strict unless it says otherwise', () => {
    fails(JSON.parse(JSON.stringify(inner())), '{"p":{"q":"","r":1}}', [
      '/data/p/r',
      'is not declared; allowed are "q"',
    ])
    fails(inner(true), '{"p":{"q":"","r":1}}', ['/data/p/r', 'is not declared; allowed are "q"'])
    fits(inner(false), '{"p":{"q":"","r":{"deep":[1,null]}}}')
  })

  test('the top level is always strict', () => {
    fails(inner(false), '{"p":{"q":""},"r":null}', ['/data/r', 'is not declared; allowed are "p"'])
  })

  test('of many allowed names the first 20 are told', () => {
    const names = Array.from({ length: 25 }, (_, index) => `p${index}`)
    const schema: Schema = Object.fromEntries(names.map((name) => [name, { type: 'string', required: false }]))
    const told = names.slice(0, 20).map((name) => `"${name}"`)
    fails(schema, '{"x":1}', ['/data/x', `is not declared; allowed are ${told.join(', ')} and 5 more`])
  })
})

describe('values', () => {
  const wrongTypes: [Rule, string, string[]][] = [
    [{ type: 'string' }, 'must be a string', ['1', 'true', '[]', '{}', '["a"]']],
    [{ type: 'number' }, 'must be a number', ['"1"', 'true', '[]', '[1]', '{}']],
    [{ type: 'array', items: { type: 'number' } }, 'must be an array', ['1', '"a"', '{}', '{"length":0}']],
    [{ type: 'object', props: { q: { type: 'string' } } }, 'must be an object', ['1', '"a"', '[]', '[{"q":""}]']],
  ]
  for (const [rule, message, values] of wrongTypes) {
    test(`a ${rule.type} is no other type`, () => {
      for (const value of values) fails({ p: rule }, `{"p":${value}}`, ['/data/p', message])
    })
  }

  const bounds: [Rule, fits: string[], fails: string[], string][] = [
    [{ type: 'number', min: -1.5 }, ['-1.5', '9'], ['-1.6'], 'must be a number of at least -1.5'],
    [{ type: 'number', max: 0 }, ['0', '-0', '-9'], ['5e-324'], 'must be a number of at most 0'],
    [{ type: 'number', min: 2, max: 2 }, ['2', '2.0'], ['1', '3'], 'must be a number of exactly 2'],
    [{ type: 'string', min: 2 }, ['"ab"'], ['"a"', '""'], 'must have a length of at least 2 characters'],
    [{ type: 'string', max: 2 }, ['"ab"', '""'], ['"abc"'], 'must have a length of at most 2 characters'],
    [{ type: 'string', max: 0 }, ['""'], ['"a"'], 'must have a length of at most 0 characters'],
    [{ type: 'string', enum: ['', 'a'] }, ['""', '"a"'], ['"A"', '" "'], 'must be one of "", "a"'],
  ]
  for (const [rule, good, bad, message] of bounds) {
    test(`${JSON.stringify(rule)} has its bounds exactly there`, () => {
      for (const value of good) fits({ p: rule }, `{"p":${value}}`)
      for (const value of bad) fails({ p: rule }, `{"p":${value}}`, ['/data/p', message])
    })
  }

  test('characters are code points, and half of a pair is one', () => {
    const two: Schema = { p: { type: 'string', min: 2, max: 2 } }
    for (const value of ['🙂🙂', 'a🙂', '\ud800\ud800', '\udc00\ud800', '🙂\udc00'])
      fits(two, JSON.stringify({ p: value }))
    for (const value of ['🙂', '🙂🙂🙂', '\ud83d\ude42'])
      assert.equal(faultsOf(two, JSON.stringify({ p: value })).length, 1)
  })

  test('a number that no reader agrees on is refused', () => {
    for (const value of ['1e999', '-1e999']) {
      fails({ p: { type: 'number' } }, `{"p":${value}}`, [
        '/data/p',
        'must be a number that fits into 64 bits of floating point',
      ])
    }
  })
})

describe('names that objects have anyway', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']

  for (const name of names) {
    const declared: Schema = JSON.parse(`{"${name}":{"type":"string"}}`)
    const path = `/data/${name}`

    test(`"${name}" is missing unless it was sent`, () => {
      fails(declared, '{}', [path, 'is required'])
      fits(declared, `{"${name}":"x"}`)
      fails(declared, `{"${name}":1}`, [path, 'must be a string'])
    })

    test(`"${name}" is undeclared unless it was declared`, () => {
      fails({ p: { type: 'string' } }, `{"p":"x","${name}":{"p":"y"}}`, [path, 'is not declared; allowed are "p"'])
      // Nor does it lend its properties to the object around it.
      fails(
        { p: { type: 'string' } },
        `{"${name}":{"p":"y"}}`,
        ['/data/p', 'is required'],
        [path, 'is not declared; allowed are "p"'],
      )
    })
  }

  test('nothing of it ends up in the prototype of all objects', () => {
    faultsOf(
      JSON.parse('{"__proto__":{"type":"object","props":{"polluted":{"type":"string"}}}}'),
      '{"__proto__":{"polluted":"yes"}}',
    )
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
  })
})

describe('hostile data', () => {
  test('nesting without end is a fault, not a crash', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ]) {
      const deep = `${open!.repeat(40_000)}1${close!.repeat(40_000)}`
      const message = 'it holds more than 100 levels of arrays and objects'
      const rule = 'must be the text of a JSON object that fits the schema; '
      fails({ p: { type: 'string' } }, deep, ['/data', rule + message])
      fails({ p: { type: 'string' } }, `{"p":${deep}}`, ['/data', rule + message])
      const some = `${open!.repeat(97)}1${close!.repeat(97)}`
      fits({ p: { type: 'object', strict: false, props: { q: { type: 'string' } } } }, `{"p":{"q":"","deep":${some}}}`)
    }
  })

  test('a big array is checked to its end', () => {
    const entries = Array(99_990).fill(1)
    const schema: Schema = { p: { type: 'array', items: { type: 'number' } } }
    fits(schema, JSON.stringify({ p: entries }))
    fails(schema, JSON.stringify({ p: [...entries, '1'] }), ['/data/p/99990', 'must be a number'])
    const [fault] = faultsOf(schema, JSON.stringify({ p: Array(100_001).fill(1) }))
    assert.match(fault!.message, /it holds more than 100000 values$/)
  })

  test('of a hundred thousand faults, 20 are told', () => {
    const schema: Schema = { p: { type: 'array', items: { type: 'string' }, required: false } }
    assert.equal(faultsOf(schema, JSON.stringify({ p: Array(99_990).fill(1) })).length, 20)
    const names = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [index, 1]))
    assert.equal(faultsOf(schema, JSON.stringify(names)).length, 20)
  })

  test('a name that is as long as the message is not repeated in full', () => {
    const [fault] = faultsOf({ p: { type: 'string', required: false } }, JSON.stringify({ ['x'.repeat(200_000)]: 1 }))
    assert.equal(fault?.path, `/data/${'x'.repeat(128)}`)
  })

  test('names are escaped in paths', () => {
    fails({ p: { type: 'string' } }, '{"p":"","a/b~":1}', ['/data/a~1b~0', 'is not declared; allowed are "p"'])
  })

  test('of a property that is there twice, the last one counts', () => {
    fits({ p: { type: 'string' } }, '{"p":1,"p":"x"}')
    fails({ p: { type: 'string' } }, '{"p":"x","p":1}', ['/data/p', 'must be a string'])
  })
})
