// Tokens of a real authorization server, checked by the receiver with that server.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { Provider } from 'oidc-provider'
import type { ClientCredentials } from '../../../src/core/delivery/credentials/listener-auth.ts'
import { createAuthorizedSender } from '../../../src/engine/client/tokens/authorized-sender.ts'
import { tokenAskOf } from '../../../src/engine/client/tokens/token-ask.ts'
import { createTokens } from '../../../src/engine/client/tokens/tokens.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { silentLog } from '../../support/silent-log.ts'
import { listen, openHttp, openSender, to } from './wire.ts'

const LIFE_S = 3_600
const SECRET = 'a secret: with / and % and +'

async function open(t: TestContext) {
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const issuer = `http://${await listen(
    t,
    createServer((request, response) => answer(request, response)),
  )}`
  const client = { client_secret: SECRET, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }
  const provider = new Provider(issuer, {
    clients: [
      { ...client, client_id: 'of:header', token_endpoint_auth_method: 'client_secret_basic' },
      { ...client, client_id: 'of body', token_endpoint_auth_method: 'client_secret_post' },
    ],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    scopes: ['orders:read', 'orders:write'],
    ttl: { ClientCredentials: LIFE_S },
    cookies: { keys: ['of this test'] },
  })
  answer = provider.callback()
  const tokens: string[] = []
  const scopes: (string | undefined)[] = []
  const origin = await openHttp(t, async ({ headers }, response) => {
    const [, value = ''] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? []
    const token = await provider.ClientCredentials.find(value)
    tokens.push(value)
    scopes.push(token?.scope)
    response.writeHead(token?.isValid ? 200 : 401).end()
  })
  let elapsed = 0
  const runtime = { ...createRuntime(silentLog), elapsedMs: () => elapsed }
  const bare = openSender(t)
  const sender = createAuthorizedSender(bare, {
    runtime,
    tokens: createTokens({ sender: bare, runtime, userAgent: 'discue/test' }),
  })
  const send = async (more: Partial<ClientCredentials<string>> = {}) => {
    const asked = { clientId: 'of:header', secret: SECRET, scopes: [], audience: null, style: 'basic' } as const
    const tokenAsk = tokenAskOf('org', { type: 'oauth2', tokenUrl: `${issuer}/token`, ...asked, ...more })
    const outcome = await sender.send(to(origin, { tokenAsk }))
    assert.ok(outcome !== 'aborted')
    return outcome
  }
  const pass = (ms: number) => {
    elapsed += ms
  }
  const withdraw = async (token: string) => (await provider.ClientCredentials.find(token))?.destroy()
  return { send, pass, withdraw, tokens, scopes }
}

test('a token is fetched with credentials in a header or in the body, for the scopes that were asked for', async (t) => {
  const it = await open(t)
  assert.equal((await it.send({ scopes: ['orders:write'] })).status, 200)
  assert.equal((await it.send({ clientId: 'of body', style: 'body', scopes: ['orders:read'] })).status, 200)
  assert.deepEqual(it.scopes, ['orders:write', 'orders:read'])
})

test('a token is fetched anew shortly before it expires, and once the server has withdrawn it', async (t) => {
  const it = await open(t)
  await it.send()
  it.pass((LIFE_S - 31) * 1_000)
  await it.send()
  assert.equal(new Set(it.tokens).size, 1)
  it.pass(2_000)
  await it.send()
  assert.equal(new Set(it.tokens).size, 2)
  await it.withdraw(it.tokens.at(-1)!)
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await it.send()).status))
  assert.deepEqual(new Set(statuses), new Set([200]))
  assert.equal(new Set(it.tokens).size, 3)
})

test('credentials that the server does not take are told in its words', async (t) => {
  const it = await open(t)
  const { status, error, response } = await it.send({ secret: 'another' })
  assert.deepEqual([status, error], [null, 'auth'])
  assert.match(response, /^the token URL answered 401: invalid_client/)
  assert.deepEqual(it.tokens, [])
})
