import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RE2JS } from 're2js'
import { compileSchema } from '../../../src/core/schema/compiled-schema.ts'
import type { Schema } from '../../../src/core/schema/schema.ts'
import { schemaFaults } from '../../../src/core/schema/schema-faults.ts'

const KIB_256 = 256 * 1024

/** Far above what a check takes, and far below what a backtracking engine would. */
const MUCH_TOO_LONG_MS = 10_000

function ofPattern(pattern: string): Schema {
  return { p: { type: 'string', pattern } }
}

function matches(pattern: string, value: string): boolean {
  assert.deepEqual(schemaFaults(ofPattern(pattern)), [])
  return compileSchema(ofPattern(pattern)).check(JSON.stringify({ p: value })).length === 0
}

function refusal(...patterns: string[]): string {
  const schema = Object.fromEntries(patterns.map((pattern, index) => [`p${index}`, { type: 'string', pattern }]))
  const faults = schemaFaults(schema)
  assert.equal(faults.length, 1)
  return `${faults[0]?.path} ${faults[0]?.message}`
}

describe('a pattern', () => {
  test('searches: it need not match the whole value', () => {
    assert.ok(matches('b+', 'abbc'))
    assert.ok(!matches('^b+', 'abbc'))
    assert.ok(!matches('b+$', 'abbc'))
  })

  test('has no flags: case counts, the dot stops at a line break, and ^ and $ are the ends of the text', () => {
    assert.ok(!matches('abc', 'ABC'))
    assert.ok(!matches('a.c', 'a\nc'))
    assert.ok(!matches('^b$', 'a\nb\nc'))
    assert.ok(!matches('^b$', 'b\n'))
  })

  test('knows characters, not halves of them', () => {
    assert.ok(matches('^.$', '🙂'))
    assert.ok(matches('^\\p{Greek}+$', 'αβγ'))
  })

  test('may be written between slashes', () => {
    assert.ok(matches('/^a+$/', 'aaa'))
    assert.ok(!matches('/^a+$/', '/aaa/'))
    assert.ok(matches('/a\\/b/', 'a/b'))
    assert.ok(matches('/\\\\/', 'a\\b'))
  })

  test('may be a path, which only looks like slashes around something', () => {
    assert.ok(matches('/orders/new', 'at /orders/new'))
    assert.ok(matches('/orders\\/', 'at /orders/'))
    assert.ok(!matches('/orders\\/', 'orders'))
    assert.ok(matches('/', 'a/b'))
  })

  for (const [pattern, flag] of [
    ['/a/i', 'i'],
    ['/a/gu', 'gu'],
  ]) {
    test(`${pattern} has flags and is told to lose them`, () => {
      const advice = `remove the "${flag}", or write \\/ where a slash is meant`
      assert.equal(refusal(pattern!), `/schema/p0/pattern must not have flags: ${advice}`)
    })
  }

  for (const [pattern, flags] of [
    ['(?i)abc', '(?i)'],
    ['a(?s:.)c', '(?s:'],
    ['/a(?-i)b/', '(?-i)'],
    ['\\\\(?i)a', '(?i)'],
    ['[+-[:alpha:](?i)x]', '(?i)'],
    ['[[:alpha:][](?i)x]', '(?i)'],
    ['\\Qa\\\\E(?U)b', '(?U)'],
  ]) {
    test(`${pattern} has flags inside and is told to lose them`, () => {
      assert.equal(refusal(pattern!), `/schema/p0/pattern must not have flags: remove the "${flags}"`)
    })
  }

  test('may have groups with and without names, and what looks like flags but is none', () => {
    for (const pattern of ['(?:a)(?P<one>b)(?<two>c)', '\\(?i\\)', '(\\(?i)', '[(?i]', '[!(?)]']) {
      assert.deepEqual(schemaFaults(ofPattern(pattern)), [], pattern)
    }
  })

  for (const [pattern, reason] of [
    ['a(b', 'missing closing ), at "a(b"'],
    ['a(?=b)', 'invalid or unsupported Perl syntax, at "(?="'],
    ['(a)\\1', 'invalid escape sequence, at "\\\\1"'],
    ['a**', 'invalid nested repetition operator, at "**"'],
    ['[z-a]', 'invalid character class range, at "z-a"'],
    ['a{1001}', 'invalid repeat count, at "{1001}"'],
    ['a\\', 'trailing backslash at end of expression'],
  ]) {
    test(`${pattern} is refused, and the reason is told`, () => {
      assert.equal(refusal(pattern!), `/schema/p0/pattern must be a regular expression of RE2's syntax: ${reason}`)
    })
  }
})

describe('the limits of patterns', () => {
  test('a thousand characters each', () => {
    assert.deepEqual(schemaFaults(ofPattern('x'.repeat(1_000))), [])
    assert.match(refusal('x'.repeat(1_001)), /^\/schema\/p0\/pattern must have at most 1000 characters, not 1001$/)
  })

  test('ten thousand characters together', () => {
    const long = `[${'x'.repeat(998)}]`
    const ten = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`p${index}`, { type: 'string', pattern: long }]),
    )
    assert.deepEqual(schemaFaults(ten), [])
    assert.equal(
      refusal(...Array(10).fill(long), 'x'),
      '/schema must have at most 10000 characters of patterns in all, not 10001',
    )
  })

  test('4,096 steps together; the pattern that is too much is named', () => {
    assert.deepEqual(schemaFaults(ofPattern('(?:abcd){1000}')), [])
    assert.match(
      refusal('a{900}', '(?:abcd){900}'),
      /^\/schema\/p1\/pattern is too large: .* compile to 4504 steps, and 4096 are allowed/,
    )
  })

  for (const pattern of [
    '(((a{1,100}){1,100}){1,100})',
    '((a{0,1000}){0,1000}){0,1000}',
    'x{1000}'.repeat(142),
    '(x{30}){33}'.repeat(90),
    '(((((){1000}){1000}){1000}){1000})',
    '('.repeat(1_000),
    `(?i)[${'a-\u{1f000}'.repeat(200)}]`,
  ]) {
    test(`${pattern.slice(0, 30)} cannot blow up the compiler`, () => {
      const started = performance.now()
      refusal(pattern)
      assert.ok(performance.now() - started < MUCH_TOO_LONG_MS)
    })
  }

  test('of many patterns that are each too large, only the first is compiled', (t) => {
    const compile = t.mock.method(RE2JS, 'compile')
    refusal(...Array(10).fill('x{700}'.repeat(7)))
    assert.equal(compile.mock.callCount(), 1)
  })
})

describe('the time of a pattern', () => {
  const nasty: [string, string][] = [
    ['(a+)+$', `${'a'.repeat(KIB_256)}b`],
    ['^(a|aa)+$', `${'a'.repeat(KIB_256)}b`],
    ['(.*)(.*)(.*)(.*)(.*)[xy]', 'a'.repeat(KIB_256)],
    ['(a|b)*a(a|b){10}[cd]$', 'ab'.repeat(KIB_256 / 2)],
    ['a.{40}[cd]$', 'aab'.repeat(KIB_256 / 3)],
  ]
  for (const [pattern, value] of nasty) {
    test(`${pattern} judges 256 KiB in time`, () => {
      const schema = compileSchema(ofPattern(pattern))
      const started = performance.now()
      const faults = schema.check(JSON.stringify({ p: value }))
      assert.ok(performance.now() - started < MUCH_TOO_LONG_MS)
      assert.deepEqual(faults, [{ path: '/data/p', message: `must match the pattern ${JSON.stringify(pattern)}` }])
    })
  }

  test('steps times characters have an end, for one text', () => {
    const schema = compileSchema(ofPattern('(?:a?){1000}[xy]$'))
    const [fault, ...more] = schema.check(JSON.stringify({ p: 'a'.repeat(KIB_256) }))
    assert.deepEqual(more, [])
    assert.equal(fault?.path, '/data/p')
    assert.match(fault.message, /^costs too much to match: 262144 characters with a pattern of \d+ steps; /)
  })

  test('steps times characters have an end, for many texts together', () => {
    const items = { type: 'string', pattern: '^(?:abcd){0,500}$' } as const
    const schema = compileSchema({ p: { type: 'array', items } })
    assert.deepEqual(schema.check(JSON.stringify({ p: Array(1_000).fill('abcd') })), [])
    const faults = schema.check(JSON.stringify({ p: Array(50_000).fill('') }))
    assert.equal(faults.length, 20)
    for (const fault of faults) assert.match(fault.message, /^costs too much to match/)
    // The next message starts anew.
    assert.deepEqual(schema.check('{"p":["abcd"]}'), [])
  })

  test('a text that is too long or not in the enum does not pay for the pattern', () => {
    const schema = compileSchema({ p: { type: 'string', pattern: '(?:a?){1000}x', max: 10 } })
    assert.deepEqual(schema.check(JSON.stringify({ p: 'a'.repeat(KIB_256) })), [
      { path: '/data/p', message: 'must have a length of at most 10 characters' },
    ])
  })

  test('the engine that keeps a growing cache per pattern is never used', (t) => {
    const automaton = Object.getPrototypeOf(RE2JS.compile('').re2().dfa)
    const grow = t.mock.method(automaton, 'makeState')
    const value = 'aabab'.repeat(100)
    assert.equal(RE2JS.compile('a.{20}[cd]$').test(value), false)
    assert.ok(grow.mock.callCount() > 0, 'the engine has a cache')
    grow.mock.resetCalls()
    assert.equal(matches('a.{20}[cd]$', value), false)
    assert.equal(grow.mock.callCount(), 0)
  })
})
