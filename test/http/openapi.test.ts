import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe as group, test } from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe } from '../../src/http/openapi/document.ts'
import { sharedApi, startApi } from '../support/server/api.ts'
import { type Content, readDescription } from '../support/source/description.ts'

const FILE = new URL('../../docs/api/openapi.json', import.meta.url)

const api = await sharedApi()
const { document, operations, fault } = await readDescription(api)
const written = `${JSON.stringify(document, null, 2)}\n`

// With --write this file brings the document up to date instead of complaining about it.
if (process.argv.includes('--write')) writeFileSync(FILE, written)

test('docs/api/openapi.json is what the server serves', () => {
  const same = readFileSync(FILE, 'utf8') === written
  assert.ok(same, 'it is not; write it anew: node test/http/openapi.test.ts --write')
})

test('every operation says what it is, with examples of all that goes in and out', () => {
  assert.deepEqual(describe(api.app.described.described(), '/').faults, [])
})

test('the description passes the recommended rules of a linter that knows OpenAPI', async () => {
  // The package is private and names no license yet; one that is made up here would be worse than none.
  const config = await createConfig({ extends: ['recommended'], rules: { 'info-license': 'off' } })
  const problems = await lintFromString({ source: JSON.stringify(document), config })
  const told = problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`)
  assert.deepEqual(told, [])
})

test('it is OpenAPI 3.1, needs no key, and is not under a version', async () => {
  const response = await api.inject({ method: 'GET', url: '/openapi.json' })
  assert.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  assert.match(response.json().openapi, /^3\.1\./)
  assert.equal((await api.inject({ method: 'GET', url: '/v1/openapi.json' })).statusCode, 404)
})

test('its paths begin at the public URL where there is one', async () => {
  const published = await startApi({ publicUrl: 'https://api.example.com/queues-of/us/' })
  const served = (await published.inject({ method: 'GET', url: '/openapi.json' })).json()
  assert.deepEqual(served.servers, [{ url: 'https://api.example.com/queues-of/us' }])
  await published.app.close()
})

test('every operationId is there once, and PUT and PATCH have one each', () => {
  const ids = operations.map((operation) => operation.operationId)
  assert.deepEqual([...new Set(ids)], ids)
  assert.ok(ids.includes('updateQueue') && ids.includes('patchQueue'))
})

test('every path of the API is there once, with its version', () => {
  const paths = Object.keys(document.paths)
  assert.ok(paths.includes('/v1/queues/{queue_id}'))
  assert.ok(!paths.includes('/queues/{queue_id}'))
  assert.ok(paths.includes('/health/live') && paths.includes('/openapi.json') && paths.includes('/reference'))
})

group('every operation', () => {
  for (const operation of operations) {
    const { method, path, responses, body, security } = operation
    const keyed = path.startsWith('/v1/')

    test(`${method} ${path} ${keyed ? 'asks for a key' : 'needs no key'}`, async () => {
      assert.equal(security === undefined, keyed)
      const url = path.replace(/\{\w+\}/g, 'none')
      const { statusCode } = await api.inject({ method: method as 'GET', url })
      assert.equal(statusCode === 401, keyed)
      if (keyed) assert.ok(responses[401])
    })

    test(`${method} ${path} has examples that fit their schemas`, () => {
      const contents = Object.values(responses).map((response) => response.content)
      for (const { schema, value } of [body && { json: body }, ...contents].flatMap(examplesIn)) {
        assert.equal(fault(schema, value), null, JSON.stringify(value))
      }
    })
  }
})

function examplesIn(content: Content | undefined) {
  return Object.values(content ?? {}).flatMap(({ schema, example, examples = {} }) => {
    const values = [example, ...Object.values(examples).map(({ value }) => value)]
    return values.filter((value) => value !== undefined).map((value) => ({ schema, value }))
  })
}

test('an example of a body is one that the server takes', async () => {
  const create = operations.find(({ operationId }) => operationId === 'createQueue')!
  assert.equal((await api.call('POST', create.path, create.body!.example)).status, 200)
})

test('an operation that says too little is named, with what to add', () => {
  const handler = async () => ({})
  const bare = { method: 'GET', url: '/v1/things/:thingId', handler, schema: { response: { 200: { type: 'string' } } } }
  const { faults } = describe([{ method: 'GET', url: bare.url, route: bare }], '/')
  assert.deepEqual(faults, [
    'GET /v1/things/{thing_id} has no operationId: add it to the schema of its route',
    'GET /v1/things/{thing_id} has no summary: add it to the schema of its route',
    'GET /v1/things/{thing_id} has no tags: add them to the schema of its route',
    'GET /v1/things/{thing_id} has no example of its response: give that examples',
  ])
})
