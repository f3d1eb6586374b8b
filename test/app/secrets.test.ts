import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecretsRefused, sealAllSecrets } from '../../src/app/tenant/secrets.ts'
import { openedAuth } from '../../src/core/delivery/credentials/listener-auth.ts'
import { openedTls } from '../../src/core/delivery/credentials/listener-tls.ts'
import { DEFAULT_SETTINGS } from '../../src/core/delivery/listener.ts'
import { openedHeaders } from '../../src/core/delivery/listener-headers.ts'
import { CLEAR_BOX, createSecretBox } from '../../src/core/tenant/secret-box.ts'
import { storedFixture } from '../store/fixture.ts'
import { createMake, NOW } from '../store/make.ts'
import { openMemoryStore } from '../support/memory-store.ts'
import { predictableBytes } from '../support/predictable-bytes.ts'

const LISTENERS = 1_203
const [OLD, NEW] = ['o'.repeat(32), 'n'.repeat(32)]
const boxOf = (...keys: string[]) => createSecretBox(keys, predictableBytes())

/** So many listeners as an older version stored them: headers in clear. */
async function given() {
  const store = await openMemoryStore()
  const make = createMake()
  const { queue } = await storedFixture({ store, make, now: NOW }, 0)
  const headers = { authorization: 'Bearer x', 'x-tenant': 'shop' }
  const auth = { type: 'bearer', secret: 'a token' } as const
  const tls = { ca: null, cert: 'c', key: 'a key', serverName: null, verify: true }
  const ids: string[] = []
  for (let index = 0; index < LISTENERS; index++) {
    const listener = make.listener(queue, { settings: { ...DEFAULT_SETTINGS, headers, auth, tls } })
    await store.listeners.create(listener)
    ids.push(listener.id)
  }
  const opened = async (box: ReturnType<typeof boxOf>, limit = LISTENERS) => {
    for (const id of ids.slice(0, limit)) {
      const found = (await store.listeners.find(id))!
      assert.deepEqual(openedHeaders(box, id, found.settings.headers), headers)
      assert.deepEqual(openedTls(box, id, found.settings.tls!), tls)
      assert.deepEqual(openedAuth(box, id, found.settings.auth!), auth)
      assert.match(box.open(found.secret, id), /^whsec_/)
    }
  }
  return { store, opened, [Symbol.asyncDispose]: () => store.close() }
}

test('a start that is killed between two pages leaves what every start can read, and the next one goes on', async () => {
  await using it = await given()
  const box = boxOf(OLD)
  let pages = 0
  const dying = {
    ...it.store.secrets,
    without: it.store.secrets.without.bind(it.store.secrets),
    async reseal(changes: Parameters<typeof it.store.secrets.reseal>[0]) {
      assert.ok(changes.length <= 500)
      if (++pages > 1) throw new Error('killed')
      return it.store.secrets.reseal(changes)
    },
  }
  await assert.rejects(sealAllSecrets({ store: { secrets: dying }, secretBox: box }), /killed/)
  await it.opened(box)
  assert.equal(await sealAllSecrets({ store: it.store, secretBox: box }), LISTENERS - 500)
  assert.equal(await sealAllSecrets({ store: it.store, secretBox: box }), 0)
  // A new key takes the place of the old one, headers included, and then the old one is not needed any more.
  assert.equal(await sealAllSecrets({ store: it.store, secretBox: boxOf(NEW, OLD) }), LISTENERS)
  await it.opened(boxOf(NEW))
  await assert.rejects(sealAllSecrets({ store: it.store, secretBox: boxOf(OLD) }), SecretsRefused)
  await assert.rejects(sealAllSecrets({ store: it.store, secretBox: CLEAR_BOX }), SecretsRefused)
})

test('headers alone that cannot be read keep a server without the key from starting', async () => {
  await using it = await given()
  const box = boxOf(OLD)
  await sealAllSecrets({ store: it.store, secretBox: box })
  const [found] = await it.store.secrets.without({ prefix: 'x', sealed: true, after: null, limit: 1 })
  const secret = box.open(found!.secret, found!.listenerId)
  await it.store.secrets.reseal([{ from: found!, to: { ...found!, secret } }])
  await assert.rejects(sealAllSecrets({ store: it.store, secretBox: CLEAR_BOX }), SecretsRefused)
})
