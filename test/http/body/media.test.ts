import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accepts, isJsonType } from '../../../src/http/body/media.ts'

const acceptsJson = (accept: string | undefined) => accepts(accept, 'application/json')

const accepted = [
  undefined,
  '',
  '*/*',
  'application/*',
  'application/json',
  'APPLICATION/JSON',
  'application/json;charset=utf-8',
  'application/json; charset="utf-8"; q=0.5',
  'application/json;q=0.001',
  'application/json; q=1.000',
  'text/html, application/json;q=0.1',
  'text/html,*/*;q=0.8',
  'application/*;q=0, application/json',
  'text/plain;x="a,b;q=0", application/json',
  'application/json;q=0, application/json;q=0.5',
  ' , application/json',
]

const refused = [
  'text/html',
  'application/xml',
  'application/json;q=0',
  'application/json;q=0.000',
  '*/*;q=0',
  'application/json;q=0, */*',
  'application/*;q=0, */*;q=1',
  'application/json;q=2',
  'application/json;q=lots',
  'application/jsonp',
  'text/plain;x="application/json"',
  'constructor',
  '*',
]

for (const accept of accepted) {
  test(`Accept ${JSON.stringify(accept)} takes JSON`, () => assert.equal(acceptsJson(accept), true))
}

for (const accept of refused) {
  test(`Accept ${JSON.stringify(accept)} does not take JSON`, () => assert.equal(acceptsJson(accept), false))
}

test('what else is accepted, and in which order, never changes the verdict on JSON', () => {
  const other = fc.constantFrom('text/html', 'text/*;q=0.3', 'image/png;q=1', 'text/plain;note="a, b"')
  const json = fc.record({ weight: fc.integer({ min: 0, max: 1000 }) }).map(({ weight }) => ({
    range: `application/json;q=${(weight / 1000).toFixed(3)}`,
    taken: weight > 0,
  }))
  fc.assert(
    fc.property(fc.array(other), json, fc.array(other), (before, { range, taken }, behind) => {
      assert.equal(acceptsJson([...before, range, ...behind].join(', ')), taken)
    }),
  )
})

test('no text at all makes the Accept parser fail or hang', () => {
  fc.assert(fc.property(fc.string({ maxLength: 2000 }), (text) => typeof acceptsJson(text) === 'boolean'))
  assert.equal(acceptsJson('"'.repeat(16_000)), false)
  assert.equal(acceptsJson(`${'"\\'.repeat(8_000)}`), false)
})

test('only application/json in UTF-8 is a body of JSON', () => {
  const yes = [
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
  ]
  const no = [
    'text/plain',
    'application/json-patch+json',
    'application/jsonx',
    'application/json; charset=latin1',
    'json',
    '',
  ]
  for (const type of yes) assert.equal(isJsonType(type), true, type)
  for (const type of no) assert.equal(isJsonType(type), false, type)
})

test('a stream of events goes by the ranges that fit it', () => {
  const taken = ['text/event-stream', 'text/*', '*/*', 'application/json, text/event-stream;q=0.1']
  for (const accept of taken) assert.ok(accepts(accept, 'text/event-stream'), accept)
  const refused = ['application/json', 'text/html', 'text/event-stream;q=0, */*', 'tex/*', 'application/*']
  for (const accept of refused) assert.ok(!accepts(accept, 'text/event-stream'), accept)
})
