import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import type { Store } from '../../../src/store/store.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { OTHER_OWNER_KEY, OWNER_KEY, sharedApi, type TestApi } from '../../support/server/api.ts'
import { fill, plant, type Tenant } from '../../support/server/tenant.ts'
import { silentLog } from '../../support/silent-log.ts'
import {
  type Description,
  inlined,
  type Operation,
  type Rule,
  readDescription,
} from '../../support/source/description.ts'

const database = await testDatabase()

interface Side {
  label: string
  api: TestApi
  description: Description
  tenant: Tenant
}

async function openSide(label: string, openStore?: () => Promise<Store>): Promise<Side> {
  const api = await sharedApi({ openStore })
  const description = await readDescription(api)
  // Limits go to the other organization, so that they stop nothing here.
  const known = { api_client_id: api.organizations.other }
  return { label, api, description, tenant: await plant(api, description, { key: OWNER_KEY, marker: 'ours', known }) }
}

const sides = [
  await openSide('sqlite'),
  await openSide('postgres', () => database.openEmpty(createRuntime(silentLog), { clock: 'caller' })),
]
const { document, operations } = sides[0]!.description

/** Edges of every type that a number could be stored in, and what is no number at all. As JSON and URLs write them. */
const EDGES = [
  ...['0', '-1', '-0', '0.5', '1e-320', '1e3', '1E21', '1e400', '9'.repeat(400), 'NaN'],
  ...[2 ** 15, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, 2 ** 53].map(String),
  ...['9223372036854775808', '-9223372036854775809', '999999999999999', '1767225600000', '1767225600000.5'],
]
/** Texts that hold numbers for the code that unpacks them. */
const CURSORS = [
  ...['0', '-1', '1.5', '999999999999999', '9'.repeat(16), '9'.repeat(400), '1e21', 'NaN', 'z'.repeat(21)],
  ...['999999999999999 z 999999999', '0 0 0', `${'z'.repeat(21)} 9`],
].map((text) => Buffer.from(text).toString('base64url'))

/** Where a number belongs, as keys from the outside inwards, and the edges of what it may be. */
interface Place {
  keys: (string | number)[]
  edges: string[]
}

function numbersIn(rule: Rule): Place[] {
  const types = [rule.type].flat()
  if (types.includes('integer') || types.includes('number')) {
    const own = [rule.minimum, rule.maximum].filter((edge) => edge !== undefined).map(String)
    return [{ keys: [], edges: [...new Set([...EDGES, ...own])] }]
  }
  if (Array.isArray(rule.anyOf)) return rule.anyOf.flatMap(numbersIn)
  if (types.includes('array')) return under(0, numbersIn(rule.items as Rule))
  return Object.entries((rule.properties ?? {}) as Record<string, Rule>).flatMap(([name, inner]) =>
    under(name, numbersIn(inner)),
  )
}

function under(key: string | number, places: Place[]): Place[] {
  return places.map(({ keys, edges }) => ({ keys: [key, ...keys], edges }))
}

const MARK = '"number goes here"'

/** The body with a number at a place, as JSON: some numbers are too large to be one of JavaScript's. */
function bodyWith(example: unknown, place: (string | number)[], number: string): string {
  const within = (value: unknown, [key, ...rest]: (string | number)[]): unknown => {
    if (key === undefined) return JSON.parse(MARK)
    const inner = (value as Record<string, unknown> | undefined)?.[key]
    if (key === 0) return [within(inner, rest)]
    return { ...(value as object), [key]: within(inner, rest) }
  }
  return JSON.stringify(within(example, place)).replace(MARK, number)
}

interface Asked {
  operation: Operation
  query: string
  payload: string | undefined
}

function asksOf(operation: Operation): Asked[] {
  const example = operation.body?.example
  const plain = example === undefined ? undefined : JSON.stringify(example)
  const inQuery = operation.parameters.filter((one) => one.in === 'query')
  const asks = inQuery.flatMap(({ name, schema }) => {
    const values = name === 'cursor' ? CURSORS : numbersIn(schema).flatMap(({ edges }) => edges)
    return values.map((value) => ({ operation, query: `?${name}=${value}`, payload: plain }))
  })
  if (operation.body === undefined) return asks
  const places = numbersIn(inlined(document, operation.body.schema))
  const bodies = places.flatMap(({ keys, edges }) => edges.map((number) => bodyWith(example, keys, number)))
  return [...asks, ...bodies.map((payload) => ({ operation, query: '', payload }))]
}

async function statusOn({ api, tenant, label }: Side, { operation, query, payload }: Asked): Promise<number> {
  const headers = { 'x-api-key': OWNER_KEY, ...(payload !== undefined && { 'content-type': 'application/json' }) }
  const url = fill(operation.path, tenant.ids) + query
  const response = await api.inject({ method: operation.method as 'GET', url, headers, payload })
  const told = () => {
    const errors = api.log.filter(({ level }) => level === 'error').map(({ fields }) => String(fields.err))
    return `${label}: ${operation.operationId}${query} ${payload ?? ''} is answered ${response.statusCode}: ${errors}`
  }
  assert.ok(response.statusCode < 500 || response.statusCode === 501, told())
  return response.statusCode
}

test('a number of any size, wherever one is taken, is stored or refused, and alike on both stores', async (t) => {
  const asks = operations.filter(({ method }) => method !== 'DELETE').flatMap(asksOf)
  let fine = 0
  for (const ask of asks) {
    const [mine, theirs] = [await statusOn(sides[0]!, ask), await statusOn(sides[1]!, ask)]
    assert.equal(theirs, mine, `${ask.operation.operationId}${ask.query} ${ask.payload ?? ''}`)
    if (mine === 200) fine += 1
  }
  t.diagnostic(`${asks.length} requests, ${fine} of which were good`)
  assert.ok(asks.length > 1_000 && fine > 100)
  for (const { api } of sides) {
    assert.deepEqual(
      api.log.filter(({ level }) => level === 'error'),
      [],
    )
  }
})

test('the largest limits that are allowed are kept to, and stop nobody', async () => {
  const names = ['queues', 'listeners', 'api_keys', 'schedules', 'stored_messages', 'messages_per_day']
  const largest = Number.MAX_SAFE_INTEGER
  const limits = Object.fromEntries([...names, 'requests_per_minute'].map((name) => [name, largest]))
  for (const { api, label } of sides) {
    const path = `/v1/api_clients/${api.organizations.other}`
    const changed = await api.call('PUT', path, { limits })
    if (changed.status !== 200) assert.equal(changed.status, 422, label)
    const made = await api.call('POST', '/v1/queues', { name: 'limited' }, OTHER_OWNER_KEY)
    assert.equal(made.status, 200, label)
    const posted = await api.call('POST', `/v1/queues/${made.body.queue.id}/messages`, { data: 'x' }, OTHER_OWNER_KEY)
    assert.equal(posted.status, 200, `${label}: ${JSON.stringify(posted.body)}`)
  }
})
