import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LightMyRequestResponse } from 'fastify'
import { titleOf } from '../../../src/http/present/problems.ts'
import { type HostileRequest, requestFor } from '../../support/request-arbitrary.ts'
import { OTHER_OWNER_KEY, OWNER_KEY, sharedApi } from '../../support/server/api.ts'
import { fill, paramsOf, plant } from '../../support/server/tenant.ts'
import { inlined, type Operation, readDescription } from '../../support/source/description.ts'
import { rounds } from '../../support/thorough.ts'

const SEED = 20_260_101
const RUNS = rounds({ quick: 2_000, long: 30_000 })
/** What an operation answers that this server is not configured for, however good the request is. */
const SWITCHED_OFF = 501
const MARKER = 'belongs-to-somebody-else'

const api = await sharedApi()
const description = await readDescription(api)
const operations = description.operations.map(withoutReferences)
const { first } = api.organizations
// The root key may do everything, so the requests are its own. It may delete the other organization too, and with it
// what must never be seen, which is why that one's id is not among those that are tried.
const known = { api_client_id: first }
const theirs = await plant(api, description, { key: OTHER_OWNER_KEY, marker: MARKER, known })
const ours = await plant(api, description, { key: OWNER_KEY, marker: 'ours', known })

const scopes = [{ resource: 'queues', access: 'read', targets: Object.values(theirs.ids) }]
const limited = (await api.call('POST', '/v1/api_keys', { scopes }, ours.key)).body.api_key

/** Generators know nothing of references. */
function withoutReferences(operation: Operation): Operation {
  return {
    ...operation,
    parameters: operation.parameters.map((one) => ({ ...one, schema: inlined(description.document, one.schema) })),
    body: operation.body && { ...operation.body, schema: inlined(description.document, operation.body.schema) },
  }
}

/** Addresses of what exists, by the names of the parameters that lead there; answers add what they made. */
const places = new Map<string, string[][]>()
const shapes = [...new Set(operations.map(({ path }) => path))].filter((path) => path.endsWith('}'))

function remember(path: string): void {
  for (const shape of shapes) {
    const found = new RegExp(`^${shape.replace(/\{\w+\}/g, '([0-9A-Za-z]{21,64})')}$`).exec(path)
    if (found === null) continue
    const names = paramsOf(shape).join()
    const known = places.get(names) ?? []
    // The newest: older ones may be gone by now.
    places.set(names, [found.slice(1), ...known].slice(0, 20))
  }
}

const NO_LIMITS = {
  ...{ queues: null, listeners: null, api_keys: null, schedules: null },
  ...{ stored_messages: null, messages_per_day: null, requests_per_minute: null },
}
let plants = 0

/**
 * Makes one of everything again where requests have deleted the last one of something. Else most of what follows would
 * find nothing, and would only ever try how that is answered.
 */
async function replenish(): Promise<void> {
  if (shapes.every((shape) => (places.get(paramsOf(shape).join()) ?? []).length > 0)) return
  await api.call('PUT', `/v1/api_clients/${first}`, { limits: NO_LIMITS }, ours.key)
  const fresh = await plant(api, description, { key: ours.key, marker: `ours-${++plants}`, known })
  for (const shape of shapes) remember(fill(shape, fresh.ids))
  // Of those that are made up, hardly any pulls, and hardly any has a filter that some message fits.
  const listeners = `/v1/queues/${fresh.ids.queue_id}/listeners`
  const { body } = await api.call('POST', listeners, { name: 'pulls' }, ours.key)
  remember(`${listeners}/${body.listener.id}`)
}

/** What is gone takes with it what was in it. */
function forget(id: string): void {
  for (const [names, known] of places)
    places.set(
      names,
      known.filter((place) => !place.includes(id)),
    )
}

/** Numbers pick an address that exists, or now and then one of the other organization, or a mixture of both. */
function pathOf(operation: Operation, { params }: HostileRequest): string {
  const names = paramsOf(operation.path)
  const known = places.get(names.join()) ?? []
  const own = known.length > 0 ? known : [names.map((name) => ours.ids[name]!)]
  const number = Object.values(params).find((value) => typeof value === 'number') ?? 0
  const place = own[number % own.length]!
  return operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name]!
    if (typeof value === 'string') return encodeURIComponent(value)
    return value % 10 === 9 ? theirs.ids[name]! : place[names.indexOf(name)]!
  })
}

async function send(operation: Operation, request: HostileRequest): Promise<LightMyRequestResponse> {
  const { query, headers, body } = request
  // Wrong keys are among the requests, and in the end they would lock out every client at this address.
  api.clock.now += 61_000
  await replenish()
  const path = pathOf(operation, request)
  const url = query === '' ? path : `${path}?${query}`
  return api.inject({ method: operation.method as 'GET', url, headers, payload: body && withListeners(body, path) })
}

function listenersKnown(): Record<string, string>[] {
  const names = ['queue_id', 'listener_id']
  return (places.get(names.join()) ?? []).map(([queue_id, listener_id]) => ({
    queue_id: queue_id!,
    listener_id: listener_id!,
  }))
}

/** The description's examples name listeners that do not exist: here those of the queue that is asked for, where it has one. */
function withListeners(body: string, path: string): string {
  const at = [...listenersKnown(), ours.ids].filter((place) => path.includes(place.queue_id!))
  const id = at[0]?.listener_id
  return id === undefined ? body : body.replace(/("listener_ids":\[)"[0-9A-Za-z]{21}"/, `$1"${id}"`)
}

function expectDescribed(operation: Operation, response: LightMyRequestResponse): void {
  const { statusCode: status, body, headers } = response
  const told = () => `${operation.operationId} answered ${status} ${body.slice(0, 2_000)}`
  assert.ok(status < 500 || status === SWITCHED_OFF, told())
  const described = operation.responses[status]
  assert.ok(described, `${told()}, which its description lacks`)
  assert.ok(headers['x-request-id'], told())
  const content = described.content?.[String(headers['content-type']).split(';')[0]!]
  assert.ok(content, `${told()} as ${headers['content-type']}, which its description lacks`)
  const value = String(headers['content-type']).startsWith('application/json') ? response.json() : body
  // What a dry run answers with is described where it is asked for.
  const isDryRun = ['createMessage', 'putMessage'].includes(operation.operationId) && Array.isArray(value.listeners)
  const fault = isDryRun ? null : description.fault(content.schema, value)
  assert.equal(fault, null, `${told()}, which is not what its description says: ${fault}`)
  if (status >= 400) assert.deepEqual([value.title, value.status], [titleOf(status), status], told())
  // Metrics are the operator's, and name the queues of all.
  assert.ok(
    operation.operationId === 'getMetrics' || !body.includes(MARKER),
    `${told()}, which is another organization's`,
  )
  const self = status === 200 && value._links?.self?.href
  if (operation.method === 'POST' && self) remember(new URL(self).pathname)
  if (status === 200 && value._links?.schema) remember(new URL(value._links.schema.href).pathname)
  if (operation.method === 'DELETE' && self) forget(self.slice(self.lastIndexOf('/') + 1))
}

test(`${RUNS} requests for all operations are answered as described, whatever is in them`, async (t) => {
  const counts = new Map<number, number>()
  const seen = new Set<string>()
  const keys = [ours.key, limited]
  const request = fc.oneof(...operations.map((operation) => requestFor(operation, keys)))
  const property = fc.asyncProperty(request, async (asked) => {
    const operation = operations.find(({ operationId }) => operationId === asked.operationId)!
    const response = await send(operation, asked)
    expectDescribed(operation, response)
    counts.set(response.statusCode, (counts.get(response.statusCode) ?? 0) + 1)
    if (response.statusCode === 200 || response.statusCode === SWITCHED_OFF) seen.add(asked.operationId)
  })
  // A failure depends on what was stored before it: trying smaller requests afterwards would tell nothing.
  await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true })
  t.diagnostic(
    [...counts]
      .toSorted(([a], [b]) => a - b)
      .map(([status, count]) => `${status}: ${count}`)
      .join(', '),
  )
  // Otherwise the requests were so wrong that they never came to what they ask for.
  const unseen = operations.map(({ operationId }) => operationId).filter((id) => !seen.has(id))
  const most = rounds({ quick: Math.floor(operations.length / 3), long: 0 })
  assert.ok(unseen.length <= most, `no request for these was good enough to succeed: ${unseen}`)
  assert.deepEqual(
    api.log.filter(({ level }) => level === 'error'),
    [],
  )
})

test('any other method or path is a problem that says so', async () => {
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK', 'QUERY']
  const paths = operations.map(({ path }) => path.replace(/\{(\w+)\}/g, (_, name: string) => theirs.ids[name]!))
  const steps = fc.array(fc.constantFrom('v1', 'v2', 'queues', '__proto__', '%00', '%zz', '..', '', 'messages', '*'))
  const path = fc.oneof(
    fc.constantFrom(...paths),
    steps.map((all) => `/${all.join('/')}`),
  )
  const property = fc.asyncProperty(fc.constantFrom(...methods), path, async (method, url) => {
    const { statusCode, body, json } = await api.inject({ method: method as 'GET', url })
    // Without a key: only what is beside the API can succeed.
    // The dashboard needs no key either, and is not built here.
    if (method === 'GET' && new URL(url, 'http://x').pathname === '/') return
    if (statusCode === 200) return assert.doesNotMatch(url, /queues|messages|keys|listeners/)
    assert.ok([400, 401, 404, 405, 501].includes(statusCode), `${method} ${url}: ${statusCode} ${body}`)
    assert.deepEqual([json().title, json().status], [titleOf(statusCode), statusCode])
    assert.equal(statusCode === 501, ['TRACE', 'PROPFIND', 'LOCK', 'QUERY'].includes(method))
  })
  await fc.assert(property, { seed: SEED, numRuns: 500, endOnFailure: true })
})
