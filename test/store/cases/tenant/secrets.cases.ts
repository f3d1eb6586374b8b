import assert from 'node:assert/strict'
import { DEFAULT_SETTINGS, type DeliverySettings, type Listener } from '../../../../src/core/delivery/listener.ts'
import {
  MAX_RETIRED,
  OVERLAP_MS,
  type SecretChange,
  type Secrets,
} from '../../../../src/core/tenant/secret-rotation.ts'
import { asText, privateKeyText } from '../../../../src/core/tenant/signing-secrets.ts'
import { idsOf, storedFixture } from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

async function secretsOf({ store }: Given, listener: Listener): Promise<Secrets> {
  const found = await store.listeners.find(listener.id)
  assert.ok(found)
  return { secret: found.secret, retiredSecrets: found.retiredSecrets }
}

async function rotate({ store }: Given, listener: Listener, secret: string, now: number): Promise<void> {
  const changed = await store.listeners.update({ ...idsOf(listener), changes: { secret }, now })
  assert.ok(typeof changed === 'object')
}

export const secretCases: StoreCase[] = [
  {
    name: 'a secret that is replaced is kept for a day beside the new one, wherever the listener is read',
    async run(given) {
      const { store, now } = given
      const { listeners, queue } = await storedFixture(given)
      const listener = listeners[0]!
      await rotate(given, listener, 'b', now)
      await rotate(given, listener, 'c', now + 5)
      const expected = {
        secret: 'c',
        retiredSecrets: [{ secret: 'b', until: now + 5 + OVERLAP_MS }],
      }
      assert.deepEqual(await secretsOf(given, listener), expected)
      const route = await store.queues.route({ organizationId: queue.organizationId, id: queue.id })
      const [routed] = route!.listeners
      assert.deepEqual({ secret: routed!.secret, retiredSecrets: routed!.retiredSecrets }, expected)
      const got = await store.listeners.get(idsOf(listener))
      assert.deepEqual(got!.retiredSecrets, expected.retiredSecrets)
    },
  },
  {
    name: 'a secret and a private key are rotated each by itself, and found where only one of them is not as it must be',
    async run(given) {
      const { store, now } = given
      const listener = (await storedFixture(given)).listeners[0]!
      const change = (changes: SecretChange, at: number) =>
        store.listeners.update({ ...idsOf(listener), changes, now: at })
      await change({ secret: 'p:a', privateKey: 'p:k' }, now)
      await change({ privateKey: 'p:m' }, now + 1)
      await change({ secret: 'p:b' }, now + 2)
      await change({ privateKey: 'p:n' }, now + 3)
      const expected = {
        secret: asText({ secret: 'p:b', privateKey: 'p:n' }),
        retiredSecrets: [
          { secret: privateKeyText('p:m'), until: now + 3 + OVERLAP_MS },
          { secret: 'p:a', until: now + 2 + OVERLAP_MS },
        ],
      }
      assert.deepEqual(await secretsOf(given, listener), expected)
      const without = (prefix: string) => store.secrets.without({ prefix, sealed: false, after: null, limit: 10 })
      assert.deepEqual(await without('p:'), [])
      await change({ privateKey: 'q:n' }, now + 4)
      assert.deepEqual(
        (await without('p:')).map(({ listenerId }) => listenerId),
        [listener.id],
      )
      assert.equal(await store.secrets.forgetRetired({ now: now + 2 + OVERLAP_MS, limit: 10 }), 1)
      assert.deepEqual((await secretsOf(given, listener)).retiredSecrets, [
        { secret: privateKeyText('p:n'), until: now + 4 + OVERLAP_MS },
      ])
      await change({ privateKey: null }, now + 5)
      assert.deepEqual(await secretsOf(given, listener), { secret: 'p:b', retiredSecrets: [] })
    },
  },
  {
    name: 'any other change of a listener leaves its secrets alone',
    async run(given) {
      const { store, now } = given
      const listener = (await storedFixture(given)).listeners[0]!
      await rotate(given, listener, 'b', now)
      const before = await secretsOf(given, listener)
      await store.listeners.update({ ...idsOf(listener), changes: { name: 'renamed' }, now: now + OVERLAP_MS * 2 })
      assert.deepEqual(await secretsOf(given, listener), before)
    },
  },
  {
    name: 'of rotations at the same time the last one and the one before it are kept',
    async run(given) {
      const { now } = given
      const listener = (await storedFixture(given)).listeners[0]!
      await Promise.all(['b', 'c', 'd'].map((secret) => rotate(given, listener, secret, now)))
      const { secret, retiredSecrets } = await secretsOf(given, listener)
      const [retired] = retiredSecrets.map((one) => one.secret)
      assert.equal(retiredSecrets.length, 1)
      assert.ok(['b', 'c', 'd'].includes(secret) && ['b', 'c', 'd'].includes(retired!) && secret !== retired)
    },
  },
  {
    name: 'however often it is rotated, a listener keeps one secret beside the present one',
    async run(given) {
      const { now } = given
      const listener = (await storedFixture(given)).listeners[0]!
      for (let i = 0; i < MAX_RETIRED + 3; i++) await rotate(given, listener, `s${i}`, now + i)
      assert.equal((await secretsOf(given, listener)).retiredSecrets.length, MAX_RETIRED)
    },
  },
  {
    name: 'what has signed for its day is forgotten, of a few listeners at a time, and nothing else',
    async run(given) {
      const { store, now } = given
      const { listeners } = await storedFixture(given, 3)
      for (const [index, listener] of listeners.entries()) await rotate(given, listener, 'b', now + index * 1_000)
      await rotate(given, listeners[0]!, 'c', now + 10_000)
      const over = now + OVERLAP_MS
      assert.equal(await store.secrets.forgetRetired({ now: over - 1, limit: 10 }), 0)
      assert.equal(await store.secrets.forgetRetired({ now: over + 2_000, limit: 1 }), 1)
      assert.equal(await store.secrets.forgetRetired({ now: over + 2_000, limit: 10 }), 1)
      assert.equal(await store.secrets.forgetRetired({ now: over + 2_000, limit: 10 }), 0)
      const left = await Promise.all(listeners.map((listener) => secretsOf(given, listener)))
      assert.deepEqual(
        left.map(({ retiredSecrets }) => retiredSecrets.map(({ secret }) => secret)),
        [['b'], [], []],
      )
      assert.equal(await store.secrets.forgetRetired({ now: over * 2, limit: 10 }), 1)
      assert.deepEqual((await secretsOf(given, listeners[0]!)).retiredSecrets, [])
    },
  },
  {
    name: 'forgetting a secret is no change of the listener',
    async run(given) {
      const { store, now } = given
      const listener = (await storedFixture(given)).listeners[0]!
      await rotate(given, listener, 'b', now)
      const before = await store.listeners.get(idsOf(listener))
      await store.secrets.forgetRetired({ now: now + OVERLAP_MS, limit: 10 })
      assert.deepEqual(await store.listeners.get(idsOf(listener)), { ...before, retiredSecrets: [] })
    },
  },
  {
    name: 'listeners whose secrets do not all begin with a prefix are found, page by page',
    async run(given) {
      const { store, now } = given
      const { listeners } = await storedFixture(given, 4)
      const [first, second, third, fourth] = listeners as [Listener, Listener, Listener, Listener]
      await rotate(given, first, 'x:1', now)
      await rotate(given, second, 'x:2', now)
      await rotate(given, third, 'x:3', now)
      await store.secrets.forgetRetired({ now: now + OVERLAP_MS, limit: 1 })
      const ask = { prefix: 'x:', sealed: false, limit: 2 }
      const page = await store.secrets.without({ ...ask, after: null })
      const rest = await store.secrets.without({ ...ask, after: page.at(-1)!.listenerId })
      const found = [...page, ...rest].map(({ listenerId }) => listenerId)
      assert.equal(page.length, 2)
      // One of the first three has only the new secret by now.
      assert.equal(found.length, 3)
      assert.deepEqual(found, found.toSorted())
      assert.ok(found.includes(fourth.id))
      assert.deepEqual(await store.secrets.without({ prefix: '', sealed: false, after: null, limit: 9 }), [])
    },
  },
  {
    name: 'secrets are put into another form where they still are what was read',
    async run(given) {
      const { store, now } = given
      const { listeners } = await storedFixture(given, 2)
      for (const listener of listeners) await rotate(given, listener, 'b', now)
      const found = await store.secrets.without({ prefix: 'x:', sealed: false, after: null, limit: 9 })
      // Meanwhile a client changes one of them.
      await rotate(given, listeners[1]!, 'c', now + 1)
      const before = await store.listeners.get(idsOf(listeners[0]!))
      const changed = await secretsOf(given, listeners[1]!)
      await store.secrets.reseal(
        found.map((from) => {
          const retiredSecrets = from.retiredSecrets.map((one) => ({ ...one, secret: `x:${one.secret}` }))
          return { from, to: { ...from, secret: `x:${from.secret}`, retiredSecrets } }
        }),
      )
      assert.deepEqual(await store.listeners.get(idsOf(listeners[0]!)), {
        ...before,
        secret: 'x:b',
        retiredSecrets: [{ secret: `x:${listeners[0]!.secret}`, until: now + OVERLAP_MS }],
      })
      assert.deepEqual(await secretsOf(given, listeners[1]!), changed)
    },
  },
  {
    name: 'listeners are found whose headers are not as they must be: sealed with a prefix, or in clear',
    async run(given) {
      const { store, make } = given
      const { queue } = await storedFixture(given, 0)
      const sealed = { sealed: 'x:1' }
      const kinds = {
        none: {},
        clear: { a: '1', b: 'x:2' },
        sealed: { a: sealed },
        both: { a: sealed, b: '2' },
        other: { a: sealed, b: { sealed: 'y:2' } },
      }
      const auths = { clearAuth: '1', sealedAuth: sealed, otherAuth: { sealed: 'y:2' } }
      const ids: Record<string, string> = {}
      const add = async (kind: string, settings: Partial<DeliverySettings>) => {
        const listener = make.listener(queue, { secret: 'x:s', settings: { ...DEFAULT_SETTINGS, ...settings } })
        await store.listeners.create(listener)
        ids[listener.id] = kind
      }
      for (const [kind, headers] of Object.entries(kinds)) await add(kind, { headers })
      const tls = { ca: null, cert: null, serverName: null, verify: true }
      for (const [kind, key] of Object.entries({ clearKey: '1', sealedKey: sealed, noKey: null }))
        await add(kind, { tls: { ...tls, key } })
      for (const [kind, secret] of Object.entries(auths)) await add(kind, { auth: { type: 'bearer', secret } })
      const kindsOf = async (ask: { prefix: string; sealed: boolean }) => {
        const found = await store.secrets.without({ ...ask, after: null, limit: 19 })
        for (const { listenerId, headers, auth, tls } of found) {
          const [isAuth, kind] = [ids[listenerId]!.endsWith('Auth'), ids[listenerId]!]
          assert.equal(tls !== null, kind.endsWith('Key'))
          assert.deepEqual(headers, isAuth || tls !== null ? {} : kinds[kind as 'none'])
          assert.deepEqual(auth, isAuth ? { type: 'bearer', secret: auths[kind as 'clearAuth'] } : null)
        }
        return found.map(({ listenerId }) => ids[listenerId])
      }
      assert.deepEqual(await kindsOf({ prefix: 'x:', sealed: true }), [
        'clear',
        'both',
        'other',
        'clearKey',
        'clearAuth',
        'otherAuth',
      ])
      assert.deepEqual(await kindsOf({ prefix: 'x:', sealed: false }), [
        'sealed',
        'both',
        'other',
        'sealedKey',
        'sealedAuth',
        'otherAuth',
      ])
    },
  },
  {
    name: 'headers are put into another form where they still are what was read, and nothing else of a listener changes',
    async run(given) {
      const { store, make, now } = given
      const { queue } = await storedFixture(given, 0)
      const auth = { type: 'basic', username: 'a', secret: '1' } as const
      const tls = { ca: null, cert: 'c', key: 'k', serverName: null, verify: true }
      const settings = {
        ...DEFAULT_SETTINGS,
        timeoutMs: 123,
        headers: { '10': 'z', 'x-a': '"1"', 'X-b': '2' },
        auth,
        tls,
      }
      const listeners = [make.listener(queue, { settings }), make.listener(queue, { settings })] as const
      for (const listener of listeners) await store.listeners.create(listener)
      const found = await store.secrets.without({ prefix: 'whsec_', sealed: true, after: null, limit: 9 })
      const [before, other] = await Promise.all(listeners.map((listener) => store.listeners.get(idsOf(listener))))
      const changes = { settings: { headers: { 'x-a': 'new' } } }
      await store.listeners.update({ ...idsOf(listeners[1]), changes, now })
      const sealed = { '10': { sealed: 'k:10' }, 'x-a': { sealed: 'k:1' }, 'X-b': { sealed: 'k:2' } }
      const sealedTls = { ...tls, key: { sealed: 'k:4' } }
      const sealedAuth = { ...auth, secret: { sealed: 'k:3' } }
      await store.secrets.reseal(
        found.map((from) => ({ from, to: { ...from, headers: sealed, auth: sealedAuth, tls: sealedTls } })),
      )
      assert.deepEqual(await store.listeners.get(idsOf(listeners[0])), {
        ...before,
        settings: { ...settings, headers: sealed, auth: sealedAuth, tls: sealedTls },
      })
      const now2 = await store.listeners.get(idsOf(listeners[1]))
      assert.deepEqual(now2!.settings, { ...other!.settings, headers: { 'x-a': 'new' } })
    },
  },
  {
    name: 'a header that is kept is the one that is stored when the change is written, and one that is gone stays away',
    async run(given) {
      const { store, make, now } = given
      const { queue } = await storedFixture(given, 0)
      const settings = { ...DEFAULT_SETTINGS, headers: { 'X-A': { sealed: 'k:1' }, 'x-b': '2' } }
      const listener = make.listener(queue, { settings })
      await store.listeners.create(listener)
      const change = async (headers: Record<string, string | null>) => {
        const changed = await store.listeners.update({ ...idsOf(listener), changes: { settings: { headers } }, now })
        assert.ok(typeof changed === 'object')
        const { headers: answered } = changed.settings
        assert.deepEqual((await store.listeners.find(listener.id))!.settings.headers, answered)
        return answered
      }
      assert.deepEqual(await change({ 'x-a': null, 'x-b': 'new', 'x-c': '3' }), {
        'x-a': { sealed: 'k:1' },
        'x-b': 'new',
        'x-c': '3',
      })
      assert.deepEqual(await change({ 'x-b': null, 'x-gone': null }), { 'x-b': 'new' })
    },
  },
]
