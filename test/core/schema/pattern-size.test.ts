import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { compilePattern } from '../../../src/core/schema/pattern.ts'
import { patternSize } from '../../../src/core/schema/pattern-size.ts'
import { MAX_PATTERN_SIZE, MAX_PATTERN_STEPS } from '../../../src/core/schema/schema.ts'
import { schemaFaults } from '../../../src/core/schema/schema-faults.ts'

const repeat = (text: string, times: number) => text.repeat(times)

/** Each takes up to seconds to compile, and none has more than 1,000 characters. */
const HOSTILE = [
  repeat('a{0,1000}', 100),
  repeat('a{1000}', 100),
  repeat('a{999,}', 100),
  repeat('(?:(?:a{0,10}){0,10}){0,10}', 30),
  `(?:${repeat('ab', 240)}){1000}`,
  `(?:${Array.from({ length: 160 }, (_, i) => `${i.toString(36)}xyz`).join('|')}){1000}`,
  repeat('\\p{L}{1000}', 90),
  repeat('^{1000}', 100),
  repeat('[^]\\]{a}]{900}', 70),
  repeat('\\Qab\\E{1000}', 80),
  repeat('(?P<n>x){500}', 70),
]

test('what takes long to compile is refused without being compiled, with the path and what is allowed', () => {
  const compile = mock.method(RE2JS, 'compile')
  for (const pattern of HOSTILE) {
    assert.ok(pattern.length <= 1_000)
    const [fault, ...more] = schemaFaults({ p: { type: 'string', pattern } })
    assert.deepEqual(more, [])
    assert.equal(fault?.path, '/schema/p/pattern', pattern)
    assert.match(fault.message, new RegExp(`is too large.*and ${MAX_PATTERN_STEPS} are allowed`), pattern)
  }
  assert.equal(compile.mock.callCount(), 0)
  compile.mock.restore()
})

test('the patterns of a schema are compiled up to the first that is too much for all of them together', () => {
  const compile = mock.method(RE2JS, 'compile')
  const unicode = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`p${i}`, { type: 'string', pattern: repeat('\\p{L}', 10) }]),
  )
  const faults = schemaFaults(unicode)
  assert.equal(faults.length, 1)
  assert.match(faults[0]!.message, /is too large/)
  assert.ok(compile.mock.callCount() <= MAX_PATTERN_SIZE / 320)
  compile.mock.restore()
})

test('what is allowed stays allowed', () => {
  const fine = [
    '^[a-z]{1,1000}$',
    'a{0,1000}a{0,1000}',
    '(?:a|b|c|d){1000}',
    '^\\p{L}{1,60}( \\p{L}{1,60}){0,9}$',
    '{not a count} {,5} {x}',
    '[{5}]{3}',
    '\\x{1F642}{10}',
    '^(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}$',
    repeat('\\d', 500),
  ]
  for (const pattern of fine) assert.deepEqual(schemaFaults({ p: { type: 'string', pattern } }), [], pattern)
})

const atom = fc.constantFrom(
  'a',
  '.',
  '[a-z]',
  '[^]x{2}]',
  '\\d',
  '\\p{L}',
  '\\x{41}',
  '\\Qa{9}\\E',
  '[[:alpha:]{7}]',
  '^',
  '\\b',
)
const expression: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    fc.array(tie('any'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    fc.tuple(tie('any'), tie('any')).map(([one, other]) => `(?:${one}|${other})`),
    tie('any').map((inner) => `(${inner})`),
    fc
      .tuple(tie('any'), fc.constantFrom('*', '+', '?', '{3}', '{2,}', '{0,4}', '{1,9}?'))
      .map(([it, by]) => `(?:${it})${by}`),
  ),
})).any

test('a pattern compiles to hardly more steps than its size says, whatever it is made of', () => {
  const property = fc.property(expression, (text) => {
    const compiled = compilePattern(text)
    fc.pre('steps' in compiled)
    assert.ok(compiled.steps <= 1.5 * patternSize(text) + 8, `${text}: ${compiled.steps} of ${patternSize(text)}`)
  })
  fc.assert(property, { seed: 31, numRuns: 2_000 })
})

test('whatever the text, it has a size', () => {
  const pieces = fc.constantFrom(
    '\\',
    '[',
    ']',
    '[:',
    ':]',
    '{',
    '}',
    '{9}',
    '(',
    ')',
    '(?',
    '|',
    '*',
    '\\Q',
    '\\E',
    '\\p{',
    '\\x',
    'a',
    '^',
  )
  const property = fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
    const size = patternSize(parts.join(''))
    assert.ok(Number.isFinite(size) && size >= 0)
  })
  fc.assert(property, { seed: 32, numRuns: 2_000 })
})
