import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../../src/core/problem.ts'
import { OTHER_OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

let refusal: Problem | null = null
const checked: string[] = []
const api = await sharedApi({
  wrap: ({ preflight }) => ({
    preflight: {
      async check(listener) {
        checked.push(listener.id)
        if (refusal !== null) throw refusal
        return preflight.check(listener)
      },
    },
  }),
})
const queue = (await api.call('POST', '/v1/queues', { name: 'q' })).body.queue
const base = `/v1/queues/${queue.id}/listeners`
const create = async (name: string, more: object) =>
  (await api.call('POST', base, { name, ...more })).body.listener.id as string
const listener = await create('pushed', { notify_url: 'http://example.com', status: 'disabled' })
const puller = await create('pulls', {})

test('a check says how every phase went, and links to its listener', async () => {
  const { status, body } = await api.call('POST', `${base}/${listener}/check`)
  assert.equal(status, 200)
  assert.equal(body.check.passed, true)
  assert.deepEqual(
    body.check.phases.map((phase: { name: string; verdict: string; duration: number }) => Object.values(phase)),
    ['token', 'resolve', 'target', 'connect', 'tls', 'send'].map((name) => [name, 'passed', 1]),
  )
  assert.deepEqual(body.check.addresses, ['192.0.2.1'])
  assert.match(body._links.self.href, new RegExp(`${base}/${listener}$`))
})

test('nothing is stored: the listener is what it was, and there is no event', async () => {
  const before = (await api.call('GET', `${base}/${listener}`)).body
  const events = (await api.call('GET', '/v1/events')).body.events.length
  await api.call('POST', `${base}/${listener}/check`)
  assert.deepEqual((await api.call('GET', `${base}/${listener}`)).body, before)
  assert.equal((await api.call('GET', '/v1/events')).body.events.length, events)
})

test('a listener that pulls has nothing to check', async () => {
  const { status, body } = await api.call('POST', `${base}/${puller}/check`)
  assert.deepEqual([status, body.title], [422, 'Unprocessable Entity'])
  assert.match(body.detail, /no notify_url/)
  assert.ok(!checked.includes(puller))
})

test('too many at once is a 429 that says when to try again', async () => {
  refusal = new Problem('too_many_checks', { headers: { 'retry-after': '1' } })
  const headers = { 'x-api-key': 'owner-key-of-the-first-organization' }
  const response = await api.inject({ method: 'POST', url: `${base}/${listener}/check`, headers })
  refusal = null
  assert.deepEqual([response.statusCode, response.headers['retry-after']], [429, '1'])
})

test('a check needs write access to listeners, and a listener of the own organization', async () => {
  const key = async (access: string) =>
    (await api.call('POST', '/v1/api_keys', { scopes: [{ resource: 'listeners', access, targets: [queue.id] }] })).body
      .api_key
  const path = `${base}/${listener}/check`
  assert.equal((await api.call('POST', path, undefined, await key('read'))).status, 403)
  assert.equal((await api.call('POST', path, undefined, await key('write'))).status, 200)
  assert.equal((await api.call('POST', path, undefined, OTHER_OWNER_KEY)).status, 404)
})
