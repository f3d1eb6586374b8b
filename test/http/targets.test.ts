import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PUBLIC_TARGETS } from '../../src/core/target.ts'
import { sharedApi } from '../support/api.ts'

const api = await sharedApi({ targets: PUBLIC_TARGETS })
const queue = (await api.call('POST', '/v1/queues', { name: 'q' })).body.queue
const listeners = `/v1/queues/${queue.id}/listeners`
const fine = { name: 'fine', notify_url: 'https://hook.example.com/x', liveness_url: 'https://hook.example.com/live' }
const { listener } = (await api.call('POST', listeners, fine)).body

const blocked: [string, RegExp][] = [
  ['http://127.0.0.1/x', /127\.0\.0\.1 is a loopback address/],
  ['http://0x7f.1:8080/', /127\.0\.0\.1 is a loopback address/],
  ['http://2130706433/', /127\.0\.0\.1 is a loopback address/],
  ['http://１２７.0.0.1/', /127\.0\.0\.1 is a loopback address/],
  ['https://[::ffff:10.0.0.1]/', /is a private address/],
  ['http://169.254.169.254/latest/meta-data', /is a link-local address/],
  ['http://localhost:3000/', /localhost is a loopback address/],
  ['http://queue.localhost./', /is a loopback address/],
]

for (const [url, message] of blocked) {
  test(`${url} is refused with the reason, for both URLs, in a new listener and in a change`, async () => {
    for (const [method, path] of [
      ['POST', listeners],
      ['PUT', `${listeners}/${listener.id}`],
      ['PATCH', `${listeners}/${listener.id}`],
    ] as const) {
      for (const property of ['notify_url', 'liveness_url']) {
        const body = method === 'POST' ? { ...fine, name: 'blocked', [property]: url } : { [property]: url }
        const answer = await api.call(method, path, body)
        assert.equal(answer.status, 422, `${method} ${property}`)
        assert.deepEqual(
          answer.body.errors.map((error: { path: string }) => error.path),
          [`/${property}`],
        )
        assert.match(answer.body.errors[0].message, message)
      }
    }
  })
}

test('nothing of what was refused is stored', async () => {
  const { body } = await api.call('GET', `${listeners}?_embed`)
  assert.deepEqual(
    body._embedded.listeners.map((one: typeof fine) => [one.name, one.notify_url, one.liveness_url]),
    [[fine.name, fine.notify_url, fine.liveness_url]],
  )
})
