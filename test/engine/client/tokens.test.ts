import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Outcome } from '../../../src/core/delivery/attempt.ts'
import type { ClientCredentials } from '../../../src/core/delivery/credentials/listener-auth.ts'
import { ANY_TARGET } from '../../../src/core/network/target.ts'
import type { Names } from '../../../src/engine/client/names/names.ts'
import { createSender, type OutgoingRequest } from '../../../src/engine/client/sender.ts'
import { createAuthorizedSender } from '../../../src/engine/client/tokens/authorized-sender.ts'
import { tokenAskOf } from '../../../src/engine/client/tokens/token-ask.ts'
import { TokenMemory } from '../../../src/engine/client/tokens/token-memory.ts'
import { createTokens } from '../../../src/engine/client/tokens/tokens.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { silentLog } from '../../support/silent-log.ts'
import { openHttp, openSender, PATIENT_MS, to } from './wire.ts'

type Issue = () => { status?: number; body: unknown } | Promise<{ status?: number; body: unknown }>

/** A token URL that issues `t1`, `t2`, …, and a receiver that takes what `takes` says. */
async function openBoth(t: TestContext, what: { issue?: Issue; takes?: (authorization: string) => boolean } = {}) {
  let [elapsed, issued, requests] = [0, 0, 0]
  const seen: string[] = []
  const issue: Issue = () => ({ body: { access_token: `t${++issued}`, token_type: 'bearer', expires_in: 3_600 } })
  const tokenUrl = `${await openHttp(t, async (_, response) => {
    requests += 1
    const { status = 200, body } = await (what.issue ?? issue)()
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })}/token`
  const origin = await openHttp(t, ({ headers }, response) => {
    const authorization = headers.authorization ?? ''
    seen.push(authorization)
    response.writeHead((what.takes?.(authorization) ?? true) ? 200 : 401).end()
  })
  const runtime = { ...createRuntime(silentLog), elapsedMs: () => elapsed }
  const sender = openSender(t)
  const tokens = createTokens({ sender, runtime, userAgent: 'discue/test' })
  const authorized = createAuthorizedSender(sender, { tokens, runtime })
  const send = async (more: Partial<ClientCredentials<string>> = {}, organizationId = 'org') => {
    const client = { clientId: 'a', secret: 'b', scopes: [], audience: null, style: 'basic' } as const
    const tokenAsk = tokenAskOf(organizationId, { type: 'oauth2', tokenUrl, ...client, ...more })
    const outcome = await authorized.send(to(origin, { tokenAsk, organizationId }))
    assert.ok(outcome !== 'aborted')
    return outcome
  }
  const pass = (ms: number) => {
    elapsed += ms
  }
  return { authorized, send, pass, seen, requests: () => requests, abort: () => authorized.abort(), origin, tokenUrl }
}

const told = ({ status, error, response }: Outcome) => [status, error, response]

test('one token is fetched for all that wait for it, and used until shortly before it expires', async (t) => {
  const both = await openBoth(t)
  await Promise.all(Array.from({ length: 20 }, () => both.send()))
  assert.deepEqual([both.requests(), new Set(both.seen)], [1, new Set(['Bearer t1'])])
  both.pass(3_569_999)
  await both.send()
  assert.equal(both.requests(), 1)
  both.pass(1)
  await both.send()
  assert.deepEqual([both.requests(), both.seen.at(-1)], [2, 'Bearer t2'])
})

test('a token is shared by those that ask for the same, in one organization', async (t) => {
  const both = await openBoth(t)
  await both.send()
  await both.send({ scopes: ['x'] })
  await both.send({ secret: 'c' })
  await both.send({}, 'other')
  await both.send()
  assert.deepEqual(both.seen, ['Bearer t1', 'Bearer t2', 'Bearer t3', 'Bearer t4', 'Bearer t1'])
})

test('a token that is not taken is thrown away, and the request sent once more with another in the same attempt', async (t) => {
  const both = await openBoth(t, { takes: (authorization) => authorization !== 'Bearer t1' })
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => both.send()))
  assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set([200]))
  assert.equal(both.requests(), 2)
  await both.send()
  assert.deepEqual([both.requests(), both.seen.at(-1)], [2, 'Bearer t2'])
})

test('a receiver that takes no token at all is sent two requests an attempt, and no more', async (t) => {
  const both = await openBoth(t, { takes: () => false })
  assert.deepEqual(told(await both.send()), [401, null, ''])
  assert.deepEqual(both.seen, ['Bearer t1', 'Bearer t2'])
})

test('a token URL that refuses is an error of its own, in its own words, and asked again after a second', async (t) => {
  const both = await openBoth(t, { issue: () => ({ status: 401, body: { error: 'invalid_client' } }) })
  const fault = [null, 'auth', 'the token URL answered 401: invalid_client']
  assert.deepEqual(told(await both.send()), fault)
  both.pass(999)
  assert.deepEqual(told(await both.send()), fault)
  assert.equal(both.requests(), 1)
  both.pass(1)
  assert.deepEqual(told(await both.send()), fault)
  assert.deepEqual([both.requests(), both.seen], [2, []])
})

test('a token URL that fails after a token was refused fails the attempt as such', async (t) => {
  let issued = 0
  const both = await openBoth(t, {
    takes: () => false,
    issue: () => (issued++ === 0 ? { body: { access_token: 't1' } } : { status: 503, body: {} }),
  })
  assert.deepEqual(told(await both.send()), [null, 'auth', 'the token URL answered 503'])
})

test('a message cannot put its own authorization in place of the token', async (t) => {
  const both = await openBoth(t)
  const client = { clientId: 'a', secret: 'b', scopes: [], audience: null, style: 'basic' } as const
  const tokenAsk = tokenAskOf('org', { type: 'oauth2', tokenUrl: both.tokenUrl, ...client })
  await both.authorized.send(to(both.origin, { tokenAsk, headers: ['Authorization', 'Bearer x', 'x-a', 'b'] }))
  assert.deepEqual(both.seen, ['Bearer t1'])
})

test('whoever waits for a token when the server stops is told that nothing was sent', async (t) => {
  const asked = Promise.withResolvers<void>()
  const both = await openBoth(t, {
    issue: () => {
      asked.resolve()
      return new Promise(() => {})
    },
  })
  const client = { clientId: 'a', secret: 'b', scopes: [], audience: null, style: 'basic' } as const
  const tokenAsk = tokenAskOf('org', { type: 'oauth2', tokenUrl: both.tokenUrl, ...client })
  const outcomes = [1, 2].map(() => both.authorized.send(to(both.origin, { tokenAsk })))
  await asked.promise
  both.abort()
  assert.deepEqual(await Promise.all(outcomes), ['aborted', 'aborted'])
  assert.deepEqual(both.seen, [])
})

test('where there is no room the organization with most gives up what it has used least lately', () => {
  const memory = new TokenMemory<number>(4)
  for (const key of ['1', '2', '3']) memory.set('large', key, 0)
  memory.set('small', '1', 0)
  memory.get('large', '1')
  memory.set('small', '2', 0)
  const has = (organizationId: string, key: string) => memory.get(organizationId, key) !== undefined
  assert.deepEqual(
    ['1', '2', '3'].map((key) => has('large', key)),
    [true, false, true],
  )
  assert.deepEqual([has('small', '1'), has('small', '2')], [true, true])
})

test('a fetch that fails by an error of the server is a fault for all that wait for it, and never a rejection', async () => {
  let asked = 0
  const errors: unknown[] = []
  const log = { ...silentLog, error: (fields: unknown) => void errors.push(fields) }
  const runtime = { ...createRuntime(log), elapsedMs: () => 0 }
  const send = () => {
    asked += 1
    throw new Error('broken')
  }
  const tokens = createTokens({ sender: { send }, runtime, userAgent: 'discue/test' })
  const client = { clientId: 'a', secret: 'b', scopes: [], audience: null, style: 'basic' } as const
  const ask = tokenAskOf('org', { type: 'oauth2', tokenUrl: 'http://login.test/', ...client })
  const found = await Promise.all([tokens.get(ask), tokens.get(ask)])
  for (const one of [...found, await tokens.get(ask)]) assert.match(Object(one).fault, /an error of the server/)
  assert.deepEqual([asked, errors.length], [1, 1])
})

test('the time that a token takes is not taken from the receiver, nor the first try twice from the second', async () => {
  let now = 0
  const runtime = { now: () => now }
  const given: number[] = []
  const send = async ({ timeoutMs, startedAt }: OutgoingRequest): Promise<Outcome> => {
    given.push(timeoutMs)
    now += 300
    const answer = { status: 401, error: null, response: '', directive: null }
    return { startedAt, durationMs: now - startedAt, ...answer }
  }
  const tokens = {
    get: async () => {
      now += 1_200
      return { token: 't' }
    },
    discard: () => {},
  }
  const rest = { abort() {}, dropPool() {}, dropIdle() {}, close: async () => {} }
  const authorized = createAuthorizedSender({ send, ...rest }, { tokens, runtime })
  const client = { clientId: 'a', secret: 'b', scopes: [], audience: null, style: 'basic' } as const
  const tokenAsk = tokenAskOf('org', { type: 'oauth2', tokenUrl: 'http://login.test/', ...client })
  await authorized.send(to('http://hook.test', { tokenAsk, startedAt: 0, timeoutMs: 1_000 }))
  assert.deepEqual(given, [1_000, 700])
})

test('a request that waited for its token has its whole time, also where the name is looked up', async (t) => {
  const origin = await openHttp(t, (_, response) => void setTimeout(() => response.end(), 50))
  const { port } = new URL(origin)
  const find: Names['find'] = (_, __, done) => {
    setImmediate(() => done(null, ['127.0.0.1']))
    return () => {}
  }
  const sender = createSender(createRuntime(silentLog), ANY_TARGET, { egress: null, names: { find } as Names })
  t.after(() => sender.close())
  // As if it had waited for longer than it may take.
  const request = to(`http://hook.test:${port}`, { startedAt: Date.now() - 2 * PATIENT_MS, timeoutMs: PATIENT_MS })
  const outcome = await sender.send(request)
  assert.ok(outcome !== 'aborted')
  assert.deepEqual([outcome.status, outcome.error], [200, null])
})

/** Tokens whose endpoint answers as told, by a clock that is moved by hand. */
function tokensOver(send: (request: OutgoingRequest) => Promise<Partial<Outcome> | 'aborted'>) {
  let elapsed = 0
  const whole = { startedAt: 0, durationMs: 1, status: 200, error: null, response: '', directive: null }
  const sender = {
    send: async (request: OutgoingRequest) => {
      const outcome = await send(request)
      return outcome === 'aborted' ? outcome : { ...whole, ...outcome }
    },
  }
  const tokens = createTokens({
    ...{ sender, runtime: { ...createRuntime(silentLog), elapsedMs: () => elapsed }, userAgent: 'discue/test' },
  })
  const get = async (clientId: string, organizationId = 'org', tokenUrl = 'http://login.test/token') => {
    const client = { clientId, secret: 'b', scopes: [], audience: null, style: 'basic' } as const
    return tokens.get(tokenAskOf(organizationId, { type: 'oauth2', tokenUrl, ...client }))
  }
  const pass = (ms: number) => {
    elapsed += ms
  }
  return { get, pass }
}

test('fetches that fail in a row are made after pauses that grow from a second to a minute, and at once after a success', async () => {
  let [asked, status] = [0, 503]
  const { get, pass } = tokensOver(async () => {
    asked += 1
    return { status, response: '{"access_token":"t","expires_in":0}' }
  })
  await get('a')
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    const before = asked
    pass(pauseMs - 1)
    // It is the endpoint that fails: any client of the organization is kept from it.
    await get('b')
    assert.equal(asked, before)
    // Neither another organization nor another endpoint is.
    if (pauseMs === 1_000) {
      await get('a', 'other')
      await get('a', 'org', 'http://elsewhere.test/token')
      assert.equal(asked, before + 2)
    }
    pass(1)
    await get('b')
    assert.equal(asked, pauseMs === 1_000 ? before + 3 : before + 1)
  }
  pass(60_000)
  status = 200
  assert.deepEqual(await get('b'), { token: 't' })
  status = 503
  await get('b')
  const before = asked
  pass(1_000)
  await get('b')
  assert.equal(asked, before + 1)
})

test('what an endpoint has against one client keeps no other client of the organization from it', async () => {
  const asked: string[] = []
  const { get } = tokensOver(async ({ headers }) => {
    asked.push(headers.at(-1)!)
    return { status: 401 }
  })
  for (const client of ['a', 'b', 'a', 'b']) await get(client)
  assert.deepEqual([asked.length, new Set(asked).size], [2, 2])
})

test('the Retry-After of a token URL holds all that wait for the token, for five minutes at most', async () => {
  for (const [wantedMs, heldMs] of [
    [30_000, 30_000],
    [10, 1_000],
    [3_600_000, 300_000],
  ] as const) {
    let asked = 0
    const { get, pass } = tokensOver(async () => {
      asked += 1
      return { status: 429, directive: { retryAfterMs: wantedMs, noRetry: false } }
    })
    await get('a')
    pass(heldMs - 1)
    const held = await get('a')
    assert.deepEqual([asked, Object(held).retryAfterMs], [1, 1])
    pass(1)
    await get('a')
    assert.equal(asked, 2)
  }
})

test('an organization has a few fetches at once, the rest wait, and another one is not kept waiting', async () => {
  const open: (() => void)[] = []
  const { get } = tokensOver(
    () => new Promise((resolve) => void open.push(() => resolve({ response: '{"access_token":"t"}' }))),
  )
  const greedy = Array.from({ length: 100 }, (_, index) => get(`client ${index}`))
  const other = get('a', 'other')
  await new Promise(setImmediate)
  assert.ok(open.length <= 17, `${open.length} at once`)
  open.pop()!()
  assert.deepEqual(await other, { token: 't' })
  while (open.length > 0) {
    open.pop()!()
    await new Promise(setImmediate)
  }
  assert.deepEqual(new Set((await Promise.all(greedy)).map((found) => Object(found).token)), new Set(['t']))
})

test('what waits for its turn to fetch when the server stops is told so, and fetches nothing', async () => {
  const open: (() => void)[] = []
  const { get } = tokensOver(() => new Promise((resolve) => void open.push(() => resolve('aborted'))))
  const all = Array.from({ length: 100 }, (_, index) => get(`client ${index}`))
  await new Promise(setImmediate)
  const begun = open.length
  for (const end of [...open]) end()
  assert.deepEqual(new Set(await Promise.all(all)), new Set(['aborted']))
  assert.equal(open.length, begun)
})
