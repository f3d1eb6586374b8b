import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe as group, test } from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { apiTypes } from '../../scripts/api-types.mjs'
import { goTypes } from '../../scripts/types/go.mjs'
import { pythonTypes } from '../../scripts/types/python.mjs'
import { nameFault } from '../../src/core/name.ts'
import { describe } from '../../src/http/openapi/document.ts'
import { titleOf } from '../../src/http/present/problems.ts'
import { type Json, sharedApi, startApi } from '../support/server/api.ts'
import { type Content, type Rule, readDescription } from '../support/source/description.ts'

const FILE = new URL('../../docs/api/openapi.json', import.meta.url)
/** What is made of the description, by its file: the types of three languages. */
const MADE: Record<string, (description: typeof document) => string | Promise<string>> = {
  'docs/api/types.ts': apiTypes,
  'clients/python/src/discue/types.py': pythonTypes,
  'clients/go/types.go': goTypes,
}
const at = (path: string) => new URL(`../../${path}`, import.meta.url)

const api = await sharedApi()
const { document, operations, fault } = await readDescription(api, 'http://127.0.0.1:3000')
const written = `${JSON.stringify(document, null, 2)}\n`

// With --write this file brings the document, and the types made of it, up to date instead of complaining about them.
if (process.argv.includes('--write')) {
  writeFileSync(FILE, written)
  for (const [path, make] of Object.entries(MADE)) writeFileSync(at(path), await make(document))
}

test('docs/api/openapi.json is what the server serves', () => {
  const same = readFileSync(FILE, 'utf8') === written
  assert.ok(same, 'it is not; write it anew: node test/http/openapi.test.ts --write')
})

for (const [path, make] of Object.entries(MADE)) {
  test(`${path} is made of it`, async () => {
    const same = readFileSync(at(path), 'utf8') === (await make(document))
    assert.ok(same, 'it is not; write it anew: npm run openapi')
  })
}

test('every operation says what it is, with examples of all that goes in and out', () => {
  assert.deepEqual(describe(api.app.described.described(), '/').faults, [])
})

test('the description passes the recommended rules of a linter that knows OpenAPI', async () => {
  const config = await createConfig({ extends: ['recommended'] })
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

test('without a public URL they begin where it was asked for, and a Host that is none is a 400', async () => {
  const ask = (host: string) => api.inject({ method: 'GET', url: '/openapi.json', headers: { host } })
  for (const host of ['queue.example.com:8080', '[::1]:3000', 'queue.example.com:8080']) {
    assert.deepEqual((await ask(host)).json().servers, [{ url: `http://${host}` }])
  }
  assert.equal((await ask('evil"host')).statusCode, 400)
  // Each address costs memory, and a client can make up any number of them.
  for (let n = 0; n < 20; n++) await ask(`host-${n}.example.com`)
  assert.deepEqual((await ask('host-19.example.com')).json().servers, [{ url: '/' }])
  assert.deepEqual((await ask('queue.example.com:8080')).json().servers, [{ url: 'http://queue.example.com:8080' }])
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
    const keyed = /^\/v\d\//.test(path)

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

test('no value has several types at once, which generators for Go refuse, but for null beside one', () => {
  const several = nodesOf(document).filter(
    ([, { type }]) => Array.isArray(type) && type.filter((one) => one !== 'null').length > 1,
  )
  assert.deepEqual(several, [])
})

test('every object with properties is a component, so that a type that is made of it has a good name', () => {
  const inside = nodesOf(document).filter(([path, { type, properties }]) => {
    const isComponent = /^\/components\/schemas\/\w+$/.test(path)
    return type === 'object' && Object.keys(properties ?? {}).length > 0 && !isComponent
  })
  assert.deepEqual(inside, [])
  const names = Object.keys(document.components.schemas)
  for (const name of ['Queue', 'QueueRef', 'QueueList', 'CreateQueueRequest', 'MessageList', 'Problem']) {
    assert.ok(names.includes(name), name)
  }
  assert.deepEqual(
    names.filter((name) => !/^(?:[A-Z][a-z0-9]+)+$/.test(name)),
    [],
  )
})

test('every enum has a type', () => {
  const bare = nodesOf(document).filter(([, node]) => Array.isArray(node.enum) && node.type === undefined)
  assert.deepEqual(bare, [])
})

test('no two components have the same name, for a generator makes types of all of them', () => {
  const { schemas, responses, securitySchemes } = document.components
  const names = [schemas, responses, securitySchemes].flatMap(Object.keys).map((name) => name.toLowerCase())
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  )
})

test('a status is answered with one component, and the operation says what it means there', () => {
  for (const [path, methods] of Object.entries<object>(document.paths)) {
    for (const [method, { responses }] of Object.entries<Json>(methods)) {
      for (const [status, response] of Object.entries<Json>(responses)) {
        if (Number(status) < 400 || path.startsWith('/health')) continue
        const name = titleOf(Number(status)).replaceAll(' ', '')
        assert.equal(response.$ref, `#/components/responses/${name}`, `${method} ${path}`)
        assert.ok(response.description.length > 0)
      }
    }
  }
})

test('every pattern is one that Go and RE2 take, too', () => {
  const patterns = nodesOf(document).flatMap(([, { pattern }]) => (typeof pattern === 'string' ? [pattern] : []))
  assert.ok(patterns.length > 5)
  for (const pattern of new Set(patterns)) assert.doesNotThrow(() => RE2JS.compile(pattern), pattern)
})

test('a name is one by the description where it is one by the server', () => {
  const rule = document.components.schemas.CreateQueueRequest.properties.name
  const unit = fc.constantFrom(...'aZ0._/-', ' ', 'é', '\n')
  const name = fc.oneof(fc.string({ unit, maxLength: 140 }), fc.constantFrom('self', 'x'.repeat(128), 'x'.repeat(129)))
  fc.assert(fc.property(name, (text) => assert.equal(fault(rule, text) === null, nameFault(text) === null, text)))
})

test('a body is required where something in it is', () => {
  for (const { operationId, body, requestBody } of operations) {
    if (body === undefined) continue
    const rule = body.schema.$ref
      ? document.components.schemas[String(body.schema.$ref).split('/').at(-1)!]
      : body.schema
    const needsOne = rule.oneOf !== undefined || rule.minProperties === 1
    assert.equal(requestBody?.required, needsOne || (rule.required ?? []).length > 0, operationId)
  }
})

test('what excludes something else is described so', () => {
  const { CreateScheduleRequest: schedule, CreateMessageRequest: message } = document.components.schemas
  const common = { name: 'daily', data: '{}' }
  const fits = (rule: Rule, body: object) => fault(rule, body) === null
  assert.ok(fits(schedule, { ...common, cron: '0 9 * * *' }))
  assert.ok(fits(schedule, { ...common, every: 60_000 }))
  assert.ok(!fits(schedule, common))
  assert.ok(!fits(schedule, { ...common, cron: '0 9 * * *', every: 60_000 }))
  assert.ok(fits(message, { data: '', delay: 1 }))
  assert.ok(!fits(message, { data: '', delay: 1, deliver_at: 1 }))
})

test('no header that must differ from request to request has an example that tools would send', () => {
  const keys = operations.flatMap(({ parameters }) => parameters.filter(({ name }) => name === 'Idempotency-Key'))
  assert.ok(keys.length > 5)
  for (const key of keys) {
    assert.deepEqual(Object.keys(key).toSorted(), ['description', 'in', 'name', 'required', 'schema'])
    assert.equal(key.required, false)
    assert.ok(Array.isArray(key.schema.examples))
  }
})

/** Every object of the document with the path to it; what is an example is no part of it. */
function nodesOf(node: Json, path = ''): [string, Json][] {
  if (Array.isArray(node)) return node.flatMap((inner, index) => nodesOf(inner, `${path}/${index}`))
  if (typeof node !== 'object' || node === null) return []
  const inside = Object.entries<Json>(node).filter(([name]) => name !== 'example' && name !== 'examples')
  return [[path, node], ...inside.flatMap(([name, inner]) => nodesOf(inner, `${path}/${name}`))]
}

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
