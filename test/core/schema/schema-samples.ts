import fc from 'fast-check'
import type { Rule, Schema } from '../../../src/core/schema/schema.ts'

/** A value that does not fit, and where the fault must be. */
interface Broken {
  value: unknown
  path: string
}

/** A rule, with ways to make values that fit it and values that do not. */
interface Sample {
  rule: Rule
  fitting: fc.Arbitrary<unknown>
  broken: fc.Arbitrary<Broken>
}

const required = fc.constantFrom({}, { required: true }, { required: false })
const noString = fc.constantFrom<unknown>(1, true, ['a'], { a: 'a' })
const here = (value: unknown): Broken => ({ value, path: '' })
const below = (step: string | number, broken: Broken, value: unknown): Broken => ({
  value,
  path: `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}${broken.path}`,
})

const character = fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: 1 })
const ofLength = (min: number, max: number) =>
  fc
    .array(fc.constantFrom('a', 'é', '🙂', '"', '\\', '\u0000'), { minLength: min, maxLength: max })
    .map((all) => all.join(''))

const sizedText: fc.Arbitrary<Sample> = fc.tuple(required, fc.nat(5), fc.nat(5)).map(([member, min, more]) => ({
  rule: { type: 'string', min, max: min + more, ...member },
  fitting: ofLength(min, min + more),
  broken: fc.oneof(noString, ofLength(min + more + 1, 20)).map(here),
}))

const chosenText: fc.Arbitrary<Sample> = fc
  .tuple(required, fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 4 }))
  .map(([member, choice]) => ({
    rule: { type: 'string', enum: choice, ...member },
    fitting: fc.constantFrom(...choice),
    broken: fc
      .oneof(
        noString,
        fc.string().filter((text) => !choice.includes(text)),
      )
      .map(here),
  }))

const patterns: [string, RegExp, RegExp][] = [
  ['^[a-f]{2,4}$', /^[a-f]{2,4}$/, /^[g-z]{1,4}$/],
  ['/\\d+x?/', /^[a-z]*\d+x$/, /^[a-z]*$/],
  ['(a|bc)*d$', /^x(a|bc)*d$/, /^(a|bc)*e$/],
]
const patternedText: fc.Arbitrary<Sample> = fc
  .tuple(required, fc.constantFrom(...patterns))
  .map(([member, [pattern, good, bad]]) => ({
    rule: { type: 'string', pattern, ...member },
    fitting: fc.stringMatching(good),
    broken: fc.oneof(noString, fc.stringMatching(bad)).map(here),
  }))

const number: fc.Arbitrary<Sample> = fc
  .tuple(required, fc.integer({ min: -1_000, max: 1_000 }), fc.nat(50))
  .map(([member, min, more]) => ({
    rule: { type: 'number', min, max: min + more, ...member },
    fitting: fc.double({ min, max: min + more, noNaN: true }),
    broken: fc
      .oneof(fc.constantFrom<unknown>('1', false, [], {}), fc.constantFrom<unknown>(min - 0.5, min + more + 0.5))
      .map(here),
  }))

const leaf = fc.oneof(sizedText, chosenText, patternedText, number)

function arrayOf(entry: Sample): fc.Arbitrary<Sample> {
  const fitting = fc.array(entry.fitting, { maxLength: 4 })
  const withBroken = fc.tuple(fitting, entry.broken, fitting).map(([before, broken, after]) => {
    return below(before.length, broken, [...before, broken.value, ...after])
  })
  return required.map((member) => ({
    rule: { type: 'array', items: entry.rule, ...member },
    fitting,
    broken: fc.oneof(fc.constantFrom<unknown>('[]', 1, { 0: 1 }).map(here), withBroken),
  }))
}

/** Names that are awkward on purpose; objects are made by entries, for `{ __proto__: … }` would set the prototype. */
export const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', '', 'a/b', '~', '0', 'props', 'type'),
  fc.string({ maxLength: 6 }),
  character,
)
const parts = (sample: fc.Arbitrary<Sample>) =>
  fc.uniqueArray(fc.tuple(name, sample), { minLength: 1, maxLength: 5, selector: ([key]) => key })

/** `Object.fromEntries` defines properties, where `object[name] = …` would call the setter of `__proto__`. */
export const objectOf = (entries: Iterable<readonly [string, unknown]>) => Object.fromEntries(entries)

function fittingEntries(props: [string, Sample][]): fc.Arbitrary<[string, unknown][]> {
  const entries = props.map(([key, sample]) => valueOrNothing(sample).map((value): [string, unknown] => [key, value]))
  return fc.tuple(...entries).map((all) => all.filter(([, value]) => value !== undefined))
}

/** What may also be left out or null, where the rule says so. */
function valueOrNothing({ rule, fitting }: Sample): fc.Arbitrary<unknown> {
  return rule.required === false ? fc.oneof(fitting, fc.constantFrom(null, undefined)) : fitting
}

function brokenEntries(props: [string, Sample][], strict: boolean): fc.Arbitrary<Broken> {
  const whole = fittingEntries(props)
  const inside = fc.constantFrom(...props).chain(([key, sample]) => {
    const absent = fc.constantFrom(null, undefined).map(here)
    const broken = sample.rule.required === false ? sample.broken : fc.oneof(sample.broken, absent)
    return fc.tuple(whole, broken).map(([entries, fault]) => {
      const others = entries.filter(([other]) => other !== key)
      return below(key, fault, objectOf(fault.value === undefined ? others : [...others, [key, fault.value]]))
    })
  })
  const undeclared = fc
    .tuple(
      whole,
      name.filter((key) => props.every(([declared]) => declared !== key)),
      fc.jsonValue(),
    )
    .map(([entries, key, value]) => below(key, here(value), objectOf([[key, value], ...entries])))
  return strict ? fc.oneof(inside, undeclared) : inside
}

function objectWith(props: [string, Sample][]): fc.Arbitrary<Sample> {
  const declared = objectOf(props.map(([key, sample]) => [key, sample.rule])) as Schema
  return fc.tuple(required, fc.constantFrom(true, false, undefined)).map(([member, strict]) => ({
    rule: { type: 'object', props: declared, ...(strict === undefined ? {} : { strict }), ...member },
    fitting: fittingEntries(props).map(objectOf),
    broken: fc.oneof(fc.constantFrom<unknown>('{}', 1, []).map(here), brokenEntries(props, strict ?? true)),
  }))
}

function sampleOf(gauges: number): fc.Arbitrary<Sample> {
  if (gauges === 0) return leaf
  const inner = sampleOf(gauges - 1)
  return fc.oneof({ weight: 2, arbitrary: leaf }, inner.chain(arrayOf), parts(inner).chain(objectWith))
}

/** A schema of up to five levels, and values for it. */
export const root = parts(sampleOf(4)).map((props) => ({
  schema: objectOf(props.map(([key, sample]) => [key, sample.rule])) as Schema,
  fitting: fittingEntries(props).map(objectOf),
  broken: brokenEntries(props, true),
}))
