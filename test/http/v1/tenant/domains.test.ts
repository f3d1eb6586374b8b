import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PUBLIC_TARGETS } from '../../../../src/core/network/target.ts'
import { CHALLENGE_MS, challengeUrl, type Domain, VERIFIED_MS } from '../../../../src/core/tenant/domain.ts'
import { OTHER_OWNER_KEY, sharedApi, type TestApi } from '../../../support/server/api.ts'

/** What the next check finds; null: the file. */
let found: string | null = null
const checked: string[] = []
const wrap = () => ({
  domainChecker: {
    async check(domain: Domain) {
      checked.push(challengeUrl(domain))
      return found
    },
  },
})
const api = await sharedApi({ domainVerification: 'required', targets: PUBLIC_TARGETS, wrap })
const call = (method: string, path: string, body?: object, key?: string) => api.call(method, `/v1${path}`, body, key)
const queue = (await call('POST', '/queues', { name: 'q' })).body.queue

async function created(name: string, more: object = {}) {
  const { status, body } = await call('POST', '/domains', { name, hostname: `${name}.example.com`, ...more })
  assert.equal(status, 200, JSON.stringify(body))
  return body.domain
}

test('a domain comes with a challenge, and is verified once its file is found', async () => {
  const domain = await created('shop')
  const { https, ...rest } = domain
  assert.deepEqual(rest, {
    id: domain.id,
    name: 'shop',
    hostname: 'shop.example.com',
    port: 443,
    status: 'pending',
    verified_at: null,
    verified_until: null,
    created_at: api.clock.now,
    updated_at: api.clock.now,
  })
  assert.equal(https.expires_at, api.clock.now + CHALLENGE_MS)
  const answer = await call('POST', `/domains/${domain.id}/verify`)
  assert.equal(answer.status, 200)
  assert.equal(checked.at(-1), `https://shop.example.com/${https.context_path}/${https.file_name}`)
  const now = api.clock.now
  const verified = { ...domain, status: 'verified', verified_at: now, verified_until: now + VERIFIED_MS }
  assert.deepEqual(answer.body.domain, verified)
  assert.deepEqual((await call('GET', `/domains/${domain.id}`)).body.domain, verified)
  assert.deepEqual((await call('GET', '/domains?_embed')).body._embedded.domains, [verified])
})

test('what was found instead of the file is said, and nothing is verified', async () => {
  const { id } = await created('other')
  found = 'https://other.example.com/… must answer with 200, not 404'
  const { status, body } = await call('POST', `/domains/${id}/verify`)
  assert.deepEqual([status, body.errors], [422, [{ path: '/hostname', message: found }]])
  found = null
  assert.equal((await call('GET', `/domains/${id}`)).body.domain.status, 'pending')
})

test('a challenge that has expired is replaced, and its file counts for nothing', async () => {
  const { id, https } = await created('late')
  api.clock.now += CHALLENGE_MS
  const before = checked.length
  const { status, body } = await call('POST', `/domains/${id}/verify`)
  assert.equal(status, 422)
  assert.match(body.detail, /expired/)
  assert.equal(checked.length, before)
  const fresh = (await call('GET', `/domains/${id}`)).body.domain.https
  assert.notEqual(fresh.file_name, https.file_name)
  assert.notEqual(fresh.file_content, https.file_content)
  assert.equal((await call('POST', `/domains/${id}/verify`)).status, 200)
})

const listener = (name: string, urls: object) => call('POST', `/queues/${queue.id}/listeners`, { name, ...urls })

test('a listener can only be on a verified domain of its own organization, with both of its URLs', async () => {
  const fine = { notify_url: 'https://shop.example.com/in', liveness_url: 'http://shop.example.com/alive' }
  assert.equal((await listener('fine', fine)).status, 200)
  const wrong = [
    'https://www.shop.example.com/',
    'https://shop.example.com:8443/',
    'http://shop.example.com:8080/',
    'https://other.example.com/',
  ]
  for (const url of wrong) {
    for (const property of ['notify_url', 'liveness_url']) {
      const { status, body } = await listener('wrong', { ...fine, [property]: url })
      assert.equal(status, 422, url)
      assert.equal(body.errors[0].path, `/${property}`)
      assert.match(body.errors[0].message, /must be on a verified domain.*POST \/domains/)
    }
  }
  assert.equal((await listener('pulls', {})).status, 200)
  const theirs = (await call('POST', '/queues', { name: 'q' }, OTHER_OWNER_KEY)).body.queue.id
  const foreign = await call('POST', `/queues/${theirs}/listeners`, { name: 'x', ...fine }, OTHER_OWNER_KEY)
  assert.equal(foreign.status, 422)
})

test('once a verification is over no listener can be added there; those that are stay, and can be changed otherwise', async () => {
  const { body } = await listener('stays', { notify_url: 'https://shop.example.com/in' })
  const path = `/queues/${queue.id}/listeners/${body.listener.id}`
  const { domains } = (await call('GET', '/domains')).body
  const domain = domains.find(({ name }: { name: string }) => name === 'shop').id
  api.clock.now += VERIFIED_MS
  assert.equal((await call('GET', `/domains/${domain}`)).body.domain.status, 'pending')
  assert.equal((await listener('late', { notify_url: 'https://shop.example.com/in' })).status, 422)
  const full = (await call('GET', path)).body.listener
  const sameAgain = await call('PUT', path, { ...full, timeout: 1_000 })
  assert.equal(sameAgain.status, 200, JSON.stringify(sameAgain.body))
  assert.equal((await call('PATCH', path, { notify_url: 'https://shop.example.com/other' })).status, 422)
  assert.equal((await call('POST', `/domains/${domain}/verify`)).status, 422, 'the challenge has expired long ago')
  assert.equal((await call('POST', `/domains/${domain}/verify`)).status, 200)
  assert.equal((await call('PATCH', path, { notify_url: 'https://shop.example.com/other' })).status, 200)
})

test('at another place a domain has to be verified anew, under another name not', async () => {
  const { id, https } = await created('moves')
  await call('POST', `/domains/${id}/verify`)
  const renamed = (await call('PUT', `/domains/${id}`, { name: 'moved', hostname: 'MOVES.example.com', port: 443 }))
    .body
  assert.deepEqual([renamed.domain.name, renamed.domain.status], ['moved', 'verified'])
  assert.equal(renamed.domain.https.file_name, https.file_name)
  for (const change of [{ port: 8443 }, { hostname: 'elsewhere.example.com' }]) {
    const { domain } = (await call('PATCH', `/domains/${id}`, change)).body
    assert.deepEqual([domain.status, domain.verified_at], ['pending', null])
    assert.notEqual(domain.https.file_content, https.file_content)
    await call('POST', `/domains/${id}/verify`)
  }
  const read = (await call('GET', `/domains/${id}`)).body.domain
  assert.equal((await call('PUT', `/domains/${id}`, read)).status, 200)
})

test('a domain that is changed while its file is looked for is not verified by it', async () => {
  const racing = await sharedApi({
    wrap: ({ store }) => ({
      domainChecker: {
        async check(domain: Domain) {
          await store.domains.update({
            ...domain,
            changes: { hostname: 'mine.example.com' },
            now: domain.createdAt + 1,
          })
          return null
        },
      },
    }),
  })
  const { body } = await racing.call('POST', '/v1/domains', { name: 'race', hostname: 'race.example.com' })
  assert.equal((await racing.call('POST', `/v1/domains/${body.domain.id}/verify`)).status, 409)
  const { domain } = (await racing.call('GET', `/v1/domains/${body.domain.id}`)).body
  assert.deepEqual([domain.hostname, domain.status], ['mine.example.com', 'pending'])
})

const refused: [object, string][] = [
  [{ name: 'x', hostname: 'https://a.example.com' }, '/hostname'],
  [{ name: 'x', hostname: 'a.example.com:8443' }, '/hostname'],
  [{ name: 'x', hostname: '' }, '/hostname'],
  [{ name: 'x', hostname: 'localhost' }, '/hostname'],
  [{ name: 'x', hostname: '0x7f.1' }, '/hostname'],
  [{ name: 'x', hostname: 'a.example.com', port: 0 }, '/port'],
  [{ name: 'x', hostname: 'a.example.com', port: 65_536 }, '/port'],
  [{ name: 'shop', hostname: 'a.example.com' }, '/name'],
  [{ hostname: 'a.example.com' }, '/name'],
]
for (const [body, path] of refused) {
  test(`${JSON.stringify(body)} is refused at ${path}`, async () => {
    const answer = await call('POST', '/domains', body)
    assert.deepEqual([answer.status, answer.body.errors[0].path], [422, path])
  })
}

test('domains have a scope of their own', async () => {
  const { id } = await created('scoped')
  const keyFor = async (resource: string, access: string) =>
    (await call('POST', '/api_keys', { scopes: [{ resource, access, targets: [id] }] })).body.api_key
  const [reader, writer] = [await keyFor('domains', 'read'), await keyFor('domains', 'write')]
  assert.equal((await call('GET', `/domains/${id}`, undefined, reader)).status, 200)
  assert.equal((await call('POST', `/domains/${id}/verify`, undefined, reader)).status, 403)
  assert.equal((await call('POST', `/domains/${id}/verify`, undefined, writer)).status, 200)
  assert.equal((await call('GET', `/domains/${id}`, undefined, await keyFor('listeners', 'write'))).status, 403)
  assert.equal((await call('GET', `/domains/${id}`, undefined, OTHER_OWNER_KEY)).status, 404)
})

async function off(): Promise<TestApi> {
  return sharedApi({ domainVerification: 'off' })
}

test('where domains are switched off every request for them is a 501, whatever its key, and listeners can be anywhere', async () => {
  const without = await off()
  const nobody = '0'.repeat(21)
  const asks: [string, string][] = [
    ['GET', '/v1/domains'],
    ['POST', '/v1/domains'],
    ['GET', `/v1/domains/${nobody}`],
    ['PUT', `/v1/domains/${nobody}`],
    ['DELETE', `/domains/${nobody}`],
    ['POST', `/v1/domains/${nobody}/verify`],
  ]
  for (const [method, url] of asks) {
    const response = await without.inject({ method: method as 'GET', url })
    assert.equal(response.statusCode, 501, `${method} ${url}`)
    assert.match(response.json().detail, /DISCUE_DOMAIN_VERIFICATION/)
  }
  const q = (await without.call('POST', '/v1/queues', { name: 'q' })).body.queue.id
  const made = await without.call('POST', `/v1/queues/${q}/listeners`, { name: 'l', notify_url: 'http://example.com' })
  assert.equal(made.status, 200)
})

test('a deleted domain leaves its listeners where they are, and takes no more', async () => {
  const { id } = await created('gone')
  await call('POST', `/domains/${id}/verify`)
  const urls = { notify_url: 'https://gone.example.com/' }
  const made = (await listener('on-gone', urls)).body.listener.id
  assert.equal((await call('DELETE', `/domains/${id}`)).status, 200)
  assert.equal((await call('GET', `/domains/${id}`)).status, 404)
  assert.equal((await call('GET', `/queues/${queue.id}/listeners/${made}`)).status, 200)
  assert.equal((await listener('on-gone-2', urls)).status, 422)
})
