import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PUBLIC_TARGETS, parseTargets } from '../../../src/core/network/target.ts'
import { sharedApi } from '../../support/server/api.ts'

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
        assert.match(answer.body.errors[0].message, /DISCUE_TARGETS/)
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

/** What names resolve to; `silent.example` to nothing in any time, and no other name can be found. */
const NAMES: Record<string, string[]> = {
  'inside.example': ['10.1.2.3', 'fd00::1'],
  'outside.example': ['192.0.32.7'],
  'both.example': ['10.1.2.3', '192.0.32.7'],
}
const asked: [string, string][] = []
const named = await sharedApi({
  targets: PUBLIC_TARGETS,
  async lookUpName(hostname, { organizationId }) {
    asked.push([hostname, organizationId])
    if (hostname === 'silent.example') return new Promise(() => undefined)
    const found = NAMES[hostname]
    if (found === undefined) throw new Error(`ENOTFOUND ${hostname}`)
    return found
  },
  // The look-up's second is over at once.
  wrap: ({ runtime }) => ({
    runtime: {
      ...runtime,
      upkeep: (ms, run) => {
        assert.equal(ms, 1_000)
        const timer = setTimeout(run, 20)
        return () => clearTimeout(timer)
      },
    },
  }),
})
const inNamed = `/v1/queues/${(await named.call('POST', '/v1/queues', { name: 'q' })).body.queue.id}/listeners`
const at = (host: string) => ({ notify_url: `https://${host}/x` })

test('a name that resolves to nothing but forbidden addresses is refused like one of them, without saying which', async () => {
  const refused = await named.call('POST', inNamed, { name: 'inside', ...at('inside.example') })
  assert.equal(refused.status, 422)
  const message = 'must be at a public address; inside.example has none'
  assert.deepEqual(refused.body.errors.length, 1)
  assert.ok(refused.body.errors[0].message.startsWith(message), refused.body.errors[0].message)
  assert.match(refused.body.errors[0].message, /DISCUE_TARGETS/)
  assert.doesNotMatch(JSON.stringify(refused.body), /10\.1|fd00/)
  assert.deepEqual(asked.at(-1), ['inside.example', named.organizations.first])
  const made = await named.call('POST', inNamed, { name: 'fine', ...at('outside.example') })
  assert.equal(made.status, 200)
  const one = `${inNamed}/${made.body.listener.id}`
  assert.equal((await named.call('PATCH', one, { liveness_url: 'http://inside.example/' })).status, 422)
  assert.equal((await named.call('PATCH', one, { liveness_url: 'http://both.example/' })).status, 200)
})

test('a name that cannot be looked up, or not in time, is no fault', async () => {
  for (const host of ['unknown.example', 'silent.example']) {
    assert.equal((await named.call('POST', inNamed, { name: host, ...at(host) })).status, 200, host)
  }
})

test('a name that the listener has already is not looked up again', async () => {
  NAMES['moving.example'] = ['192.0.32.7']
  const { listener } = (await named.call('POST', inNamed, { name: 'moving', ...at('moving.example') })).body
  NAMES['moving.example'] = ['10.0.0.1']
  const before = asked.length
  const renamed = await named.call('PUT', `${inNamed}/${listener.id}`, { name: 'moved', ...at('moving.example') })
  assert.deepEqual([renamed.status, asked.length], [200, before])
})

test('where a list allows names and networks, they are looked up as far as that decides', async () => {
  const listed = await sharedApi({
    targets: parseTargets('10.0.0.0/8,hooks.internal')!,
    lookUpName: async (hostname) => {
      assert.notEqual(hostname, 'hooks.internal')
      return NAMES[hostname] ?? []
    },
  })
  const path = `/v1/queues/${(await listed.call('POST', '/v1/queues', { name: 'q' })).body.queue.id}/listeners`
  const statuses: Record<string, number> = {}
  for (const host of ['inside.example', 'outside.example', 'hooks.internal']) {
    statuses[host] = (await listed.call('POST', path, { name: host, ...at(host) })).status
  }
  assert.deepEqual(statuses, { 'inside.example': 200, 'outside.example': 422, 'hooks.internal': 200 })
})
