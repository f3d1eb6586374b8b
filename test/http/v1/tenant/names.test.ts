import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NAME_RULE, nameFault, RESERVED_NAMES } from '../../../../src/core/name.ts'
import { sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'names' })).body.queue

const text = fc.oneof(
  fc.string({ maxLength: 140, unit: 'binary' }),
  fc.stringMatching(/^[A-Za-z0-9._/-]{1,130}$/),
  fc.stringMatching(/^[._/-]{1,5}$/),
  fc.constantFrom(...RESERVED_NAMES, 'a'.repeat(128), 'a'.repeat(129)),
)

test('a message takes exactly the names that the rule allows', async () => {
  await fc.assert(
    fc.asyncProperty(text, async (name) => {
      const { status, body } = await api.call('POST', `/v1/queues/${queue.id}/messages`, { data: '', name })
      const fault = nameFault(name)
      assert.equal(status, fault === null ? 200 : 422)
      if (fault === null) assert.equal(body.message.name, name)
      else assert.deepEqual(body.errors, [{ path: '/name', message: fault }])
    }),
    { numRuns: 200 },
  )
})

test('every kind of resource refuses what is no name, and reserved names', async () => {
  const notify_url = 'http://example.com'
  const made = async (path: string, body: object) => (await api.call('POST', path, { name: 'fine', ...body })).body
  const inQueue = `/v1/queues/${queue.id}`
  const kinds = [
    { path: '/v1/queues', id: (await made('/v1/queues', {})).queue.id },
    { path: '/v1/api_keys', id: (await made('/v1/api_keys', {})).id },
    { path: `${inQueue}/listeners`, id: (await made(`${inQueue}/listeners`, { notify_url })).listener.id, notify_url },
    { path: `${inQueue}/messages`, id: (await made(`${inQueue}/messages`, { data: '' })).message.id, data: '' },
  ]
  for (const { path, id, ...rest } of kinds) {
    for (const name of ['', ' ', 'a b', '-', 'ä', 'a'.repeat(129), ...RESERVED_NAMES]) {
      assert.equal((await api.call('POST', path, { ...rest, name })).status, 422, `POST ${path} ${name}`)
      assert.equal((await api.call('PUT', `${path}/${id}`, { name })).status, 422, `PUT ${path} ${name}`)
    }
    const { body } = await api.call('PUT', `${path}/${id}`, { name: '' })
    assert.deepEqual(body.errors, [{ path: '/name', message: `must be ${NAME_RULE}` }])
  }
})
