import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GRANTABLE_RESOURCES } from '../../../src/core/tenant/api-key.ts'
import { OTHER_OWNER_KEY, OWNER_KEY, sharedApi } from '../../support/server/api.ts'
import { fill, paramsOf, plant } from '../../support/server/tenant.ts'
import { type Operation, readDescription } from '../../support/source/description.ts'

const MARKER = 'belongs-to-somebody-else'

const api = await sharedApi()
const description = await readDescription(api)
const keyed = description.operations.filter(({ path }) => path.startsWith('/v1/'))
const listings = keyed.filter(({ method, path }) => method === 'GET' && !path.endsWith('}'))

const { first, other } = api.organizations
const theirs = await plant(api, description, { key: OWNER_KEY, marker: MARKER, known: { api_client_id: first } })
const ours = await plant(api, description, { key: OTHER_OWNER_KEY, marker: 'ours', known: { api_client_id: other } })

async function ask(method: string, path: string, operation: Operation, key = ours.key) {
  const json = operation.body !== undefined
  const response = await api.inject({
    method: method as 'GET',
    url: path,
    headers: { 'x-api-key': key, ...(json && { 'content-type': 'application/json' }) },
    payload: json ? JSON.stringify(operation.body?.example) : undefined,
  })
  return { status: response.statusCode, text: response.body }
}

/** Each way in which one or more ids of a path can be another organization's. */
function foreignPaths(path: string): string[] {
  const names = paramsOf(path)
  const one = names.map((name) => fill(path, { ...ours.ids, [name]: theirs.ids[name]! }))
  return [...new Set([...one, fill(path, theirs.ids)])]
}

/** What every resource of the other organization looks like to itself. */
async function everythingOfTheirs(): Promise<string[]> {
  const reads = keyed.filter(({ method }) => method === 'GET')
  const answers = reads.map((read) => ask('GET', `${fill(read.path, theirs.ids)}?_embed`, read, theirs.key))
  return (await Promise.all(answers)).map(({ status, text }) => `${status} ${text}`)
}

describe("another organization's id is a 404", () => {
  for (const operation of keyed.filter(({ path }) => path.includes('{'))) {
    const { method, path } = operation
    for (const verb of method === 'GET' ? ['GET', 'HEAD'] : [method]) {
      test(`${verb} ${path}`, async () => {
        const before = await everythingOfTheirs()
        for (const url of foreignPaths(path)) {
          const versions = [url, url.replace('/v1', '')]
          for (const version of versions) {
            const { status, text } = await ask(verb, version, operation)
            assert.equal(status, 404, `${version}: ${text}`)
            assert.ok(!text.includes(MARKER), text)
          }
        }
        assert.deepEqual(await everythingOfTheirs(), before)
      })
    }
  }
})

describe('a listing shows nothing of another organization', () => {
  // A key may name any id as its target; that must not make the resource visible.
  const targets = Object.values(theirs.ids)
  const scopes = GRANTABLE_RESOURCES.map((resource) => ({ resource, access: 'write', targets }))

  for (const operation of listings.filter(({ path }) => !path.includes('{'))) {
    test(`GET ${operation.path}`, async () => {
      const aimed = await api.call('POST', '/v1/api_keys', { scopes }, ours.key)
      for (const query of ['', '?_embed', '?_embed&per_page=100&page=1', '?per_page=1']) {
        for (const key of [ours.key, aimed.body.api_key]) {
          const { status, text } = await ask('GET', operation.path + query, operation, key)
          assert.ok(status === 200 || status === 403, text)
          assert.ok(!text.includes(MARKER), text)
          for (const id of targets) assert.ok(!text.includes(`"id":"${id}"`) && !text.includes(`/${id}`), text)
        }
      }
    })
  }
})

// Last, because it ends with deleting everything; without it a server that always says 404 would pass.
test('with its own ids no operation is a 404', async () => {
  const order = ['GET', 'PUT', 'PATCH', 'POST', 'DELETE']
  const operations = keyed.toSorted(
    (a, b) => order.indexOf(a.method) - order.indexOf(b.method) || b.path.length - a.path.length,
  )
  for (const operation of operations) {
    const { status, text } = await ask(operation.method, fill(operation.path, ours.ids), operation)
    assert.notEqual(status, 404, `${operation.operationId}: ${text}`)
  }
})
