import fc from 'fast-check'
import type { Operation, Parameter, Rule } from './source/description.ts'

/** A request as a client of any kind might send it. */
export interface HostileRequest {
  operationId: string
  /** Numbers pick from what exists at that moment; texts are taken as they are. */
  params: Record<string, number | string>
  query: string
  headers: Record<string, string>
  /** Undefined: none. */
  body: string | undefined
}

const HOSTILE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, -1e308, 2 ** 53, '', ' ', 'a', '0', 'true', '\u0000', '\ud800', '🦉'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '../../etc/passwd',
    "'; drop table queues; --",
    '<script>',
    '%00',
    '\r\n',
  ],
  ...['self', 'next', '*', 'x'.repeat(129), 'x'.repeat(5_000), 'ﷺ'.repeat(300), [], {}, [[]], [null], { a: { b: {} } }],
]
const NAMES = ['__proto__', 'constructor', 'prototype', 'extra', 'id', 'organization_id', 'name', '', '/', '~0']

/** Mostly what the rule allows, at its edges and between. References must have been followed. */
function validFor(rule: Rule): fc.Arbitrary<unknown> {
  const { enum: values, oneOf, anyOf = oneOf, examples, minimum, maximum } = rule
  if (rule.const !== undefined) return fc.constant(rule.const)
  if (Array.isArray(values)) return fc.constantFrom(...values)
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((one: Rule) => validFor(withExamplesOf(rule, one))))
  const types = [rule.type ?? 'string'].flat() as string[]
  // Parts of an object that depend on each other: an example of the whole is good, and made-up parts hardly ever are.
  if (types.includes('object') && Array.isArray(examples)) {
    const none = types.includes('null') ? [{ weight: 3, arbitrary: fc.constant(null) }] : []
    return fc.oneof({ weight: 1, arbitrary: fc.constantFrom(...examples) }, ...none)
  }
  const one = types.map((type) => {
    if (type === 'object') return validObject(rule)
    if (type === 'array') return fc.array(validFor((rule.items ?? {}) as Rule), { maxLength: 3 })
    if (type === 'boolean') return fc.boolean()
    if (type === 'null') return fc.constant(null)
    if (type === 'integer' || type === 'number') return numberBetween(Number(minimum ?? 0), Number(maximum ?? 2 ** 31))
    return validText(rule)
  })
  const known = Array.isArray(examples) ? [fc.constantFrom(...examples)] : []
  return fc.oneof(...one, ...known)
}

/** One of several types, with those examples of the whole that are of it. */
function withExamplesOf({ examples }: Rule, one: Rule): Rule {
  if (!Array.isArray(examples) || one.type !== 'string') return one
  return { examples: examples.filter((example) => typeof example === 'string'), ...one }
}

function numberBetween(minimum: number, maximum: number): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(minimum, maximum), fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) }))
}

function validText({ format, pattern, examples }: Rule): fc.Arbitrary<string> {
  if (format === 'uri') return fc.webUrl()
  // What every name may be; a text of another pattern needs an example to go by.
  if (pattern !== undefined && !new RegExp(String(pattern)).test('n0'))
    return fc.constantFrom(...(examples as string[]))
  if (pattern !== undefined) return fc.nat(500).map((n) => `n${n}`)
  return fc.string({ unit: 'binary', maxLength: 30 })
}

function validObject({ properties = {}, required = [] }: Rule): fc.Arbitrary<Record<string, unknown>> {
  const writable = Object.entries(properties as Record<string, Rule>).filter(([, rule]) => rule.readOnly !== true)
  const record = Object.fromEntries(writable.map(([name, rule]) => [name, validFor(rule)]))
  const requiredKeys = (required as string[]).filter((name) => Object.hasOwn(record, name))
  return fc.record(record, { requiredKeys })
}

const hostile = fc.constantFrom(...HOSTILE)

function bodyFor(rule: Rule, example: unknown): fc.Arbitrary<string | undefined> {
  if (Array.isArray(rule.oneOf)) return fc.oneof(...rule.oneOf.map((one: Rule) => bodyFor(one, example)))
  const names = [...NAMES, ...Object.keys((rule.properties ?? {}) as object)]
  const valid = validObject(rule)
  // Built from entries, so that `__proto__` is a property like any other.
  const spoiled = fc
    .tuple(valid, fc.array(fc.tuple(fc.constantFrom(...names), hostile), { minLength: 1, maxLength: 3 }))
    .map(([body, more]) => Object.fromEntries([...Object.entries(body), ...more]))
  const texts = [
    '',
    '{',
    '[]',
    'null',
    '"a"',
    '1e999',
    '{"a":1}}',
    '\u0000',
    '{"name":"\\ud800"}',
    `"${'['.repeat(9_999)}"`,
  ]
  return fc.oneof(
    // Some bodies have so many parts that hardly any other is good enough.
    { weight: 2, arbitrary: fc.constant(JSON.stringify(example)) },
    { weight: 8, arbitrary: valid.map((body) => JSON.stringify(body)) },
    { weight: 6, arbitrary: spoiled.map((body) => JSON.stringify(body)) },
    { weight: 1, arbitrary: hostile.map((body) => JSON.stringify(body)) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 2, arbitrary: fc.constantFrom<(string | undefined)[]>(undefined, ...texts, '['.repeat(9_999)) },
  )
}

function queryFor(parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const own = parameters.filter((parameter) => parameter.in === 'query')
  const odd = fc.tuple(fc.constantFrom(...NAMES, ...own.map(({ name }) => name)), hostile)
  const fine = own.map(({ name, schema }) => fc.tuple(fc.constant(name), validFor(schema)))
  const pair = fc.oneof({ weight: 5, arbitrary: fc.oneof(...fine, odd) }, { weight: 1, arbitrary: odd })
  const text = (value: unknown) => encodeURIComponent(String(typeof value === 'object' ? '[]' : value).toWellFormed())
  return fc
    .array(pair, { maxLength: 2 })
    .map((pairs) => pairs.map(([name, value]) => `${name}=${text(value)}`).join('&'))
}

/** Most requests have what they need; each header is odd now and then. */
function headersFor(keys: readonly string[], takesBody: boolean): fc.Arbitrary<Record<string, string>> {
  const usually = (value: string, ...odd: string[]) =>
    fc.oneof({ weight: 12, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constantFrom(...odd) })
  const [key = '', ...otherKeys] = keys
  const odd = ['', ' ', 'é', '\u00ff', 'a'.repeat(300), 'a, b', '"', '__proto__']
  return fc.record(
    {
      'x-api-key': usually(key, ...otherKeys, ...odd),
      accept: usually('*/*', 'application/json;q=0.5', 'text/html', 'application/json;q=0', ...odd),
      'content-type': usually('application/json', 'text/plain', 'application/json; charset=utf-8', ...odd),
      'x-request-id': fc.constantFrom('own', ...odd),
      'idempotency-key': fc.constantFrom('one', 'two', ...odd),
      'if-match': fc.constantFrom('*', '"one"', ...odd),
      host: usually('localhost', 'a b', '[::1]:80', '"', '<script>'),
    },
    { requiredKeys: takesBody ? ['x-api-key', 'content-type'] : ['x-api-key'] },
  )
}

/** A request for one of the operations, whose schemas must be without references. */
export function requestFor(operation: Operation, keys: readonly string[]): fc.Arbitrary<HostileRequest> {
  const texts = HOSTILE.filter((value) => typeof value === 'string' && value !== '').map((text) =>
    String(text).toWellFormed(),
  )
  const step = fc.oneof({ weight: 9, arbitrary: fc.nat(1_000) }, { weight: 1, arbitrary: fc.constantFrom(...texts) })
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path')
  return fc.record({
    operationId: fc.constant(operation.operationId),
    params: fc.record(Object.fromEntries(inPath.map(({ name }) => [name, step]))),
    query: queryFor(operation.parameters),
    headers: headersFor(keys, operation.body !== undefined),
    body:
      operation.body === undefined ? fc.constant(undefined) : bodyFor(operation.body.schema, operation.body.example),
  })
}
