// That a token URL, which anyone may name, can do no more than fail the deliveries of the listener that names it.
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { ANY_TARGET, PUBLIC_TARGETS, type Targets } from '../../../src/core/network/target.ts'
import type { OutgoingRequest } from '../../../src/engine/client/sender.ts'
import { createAuthorizedSender } from '../../../src/engine/client/tokens/authorized-sender.ts'
import { tokenAskOf } from '../../../src/engine/client/tokens/token-ask.ts'
import { createTokens } from '../../../src/engine/client/tokens/tokens.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { openHttp, openSender, openTcp, to } from '../../engine/client/wire.ts'
import { silentLog } from '../../support/silent-log.ts'

const SECRET = 'a-secret-of-the-client'
const CLIENT = { clientId: 'a', secret: SECRET, scopes: [], audience: null, style: 'body' } as const

/** What comes of a delivery whose token is fetched there; the receiver must not hear of it. */
async function outcomeAt(
  t: TestContext,
  tokenUrl: string,
  { targets = ANY_TARGET, hasty = false }: { targets?: Targets; hasty?: boolean } = {},
) {
  const origin = await openHttp(t, () => assert.fail('sent without a token'))
  const [sender, runtime] = [openSender(t, targets), createRuntime(silentLog)]
  // A hasty one does not wait for a token URL as long as a server would.
  const times = hasty ? { timeoutMs: 500, bodyMs: 500 } : {}
  const asking = { send: (request: OutgoingRequest) => sender.send({ ...request, ...times }) }
  const tokens = createTokens({ sender: asking, runtime, userAgent: 'discue/test' })
  const authorized = createAuthorizedSender(sender, { tokens, runtime })
  const tokenAsk = tokenAskOf('org', { type: 'oauth2', tokenUrl, ...CLIENT })
  const outcome = await authorized.send(to(origin, { tokenAsk }))
  assert.ok(outcome !== 'aborted')
  assert.equal(outcome.status, null)
  assert.equal(outcome.error, 'auth')
  assert.ok(outcome.response.length < 400, 'a fault is short')
  assert.ok(!outcome.response.includes(SECRET), 'a fault has no secret')
  return outcome.response
}

const answering = (t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) =>
  openHttp(t, answer).then((origin) => `${origin}/token`)

test('one that says nothing is waited for no longer than its time', async (t) => {
  assert.match(await outcomeAt(t, await answering(t, () => {}), { hasty: true }), /\(timeout\)/)
})

test('one that begins its answer and never ends it is waited for no longer than its time', async (t) => {
  const url = await answering(t, (_, response) => void response.writeHead(200).write('{"access_token":"t'))
  assert.match(await outcomeAt(t, url, { hasty: true }), /no JSON object/)
})

test('one that answers with 100 MB is read for 64 KiB, and hung up on', async (t) => {
  let written = 0
  const closed = Promise.withResolvers<void>()
  const url = await answering(t, (_, response) => {
    const piece = Buffer.alloc(64 * 1024, '{')
    const write = () => {
      while (written < 100 * 1024 * 1024 && !response.destroyed) {
        written += piece.length
        if (!response.write(piece)) return void response.once('drain', write)
      }
    }
    response.writeHead(200).on('close', () => closed.resolve())
    write()
  })
  assert.match(await outcomeAt(t, url), /too long|no JSON object/)
  await closed.promise
  assert.ok(written < 50 * 1024 * 1024, `${written} bytes were taken`)
})

test('one that redirects is not followed', async (t) => {
  const elsewhere = await openHttp(t, () => assert.fail('followed'))
  const url = await answering(t, (_, response) => response.writeHead(307, { location: `${elsewhere}/token` }).end())
  assert.match(await outcomeAt(t, url), /answered 307/)
})

test('one that repeats the credentials, as an error or as anything else, does not have them shown', async (t) => {
  for (const status of [200, 400, 401, 500]) {
    const url = await answering(t, (request, response) => {
      let body = ''
      request.on('data', (bytes) => {
        body += String(bytes)
      })
      request.on('end', () => response.writeHead(status).end(JSON.stringify({ error: body, error_description: body })))
    })
    await outcomeAt(t, url)
  }
})

test('one that answers with what is no HTTP, or with headers in its token, sends nothing of it to the receiver', async (t) => {
  const garbage = await openTcp(t, (socket) => socket.end('\u0000\u0001 garbage\r\n\r\n'))
  assert.match(await outcomeAt(t, `${garbage}/token`), /\(invalid_response\)/)
  for (const token of ['a\r\nx-injected: 1', '', null, 5, ['t'], 'é', 'a'.repeat(60_000)]) {
    const url = await answering(t, (_, response) => response.end(JSON.stringify({ access_token: token })))
    assert.match(await outcomeAt(t, url), /access_token/)
  }
})

test('one at an address where the server may not send to is not asked', async (t) => {
  const url = await answering(t, () => assert.fail('asked'))
  assert.match(await outcomeAt(t, url, { targets: PUBLIC_TARGETS }), /\(blocked_target\)/)
})

test('one that answers with any kind of value anywhere fails the delivery, and no more', async (t) => {
  const deep = `${'['.repeat(25_000)}${']'.repeat(25_000)}`
  const kinds = [
    'null',
    'true',
    '0',
    '-1',
    '1e400',
    '""',
    '"\\ud800"',
    '[]',
    '{}',
    '{"toString":null}',
    '[{"toString":null}]',
    deep,
  ]
  let answer = { status: 200, text: '' }
  const url = await answering(t, (_, response) => response.writeHead(answer.status).end(answer.text))
  const names = ['access_token', 'token_type', 'expires_in', 'error', 'error_description']
  for (const name of names) {
    for (const kind of kinds) {
      // Where it is no token yet, that it is none is what fails it.
      const type = name === 'token_type' ? '' : ',"token_type":"mac"'
      const token = name === 'access_token' ? '' : ',"access_token":"t"'
      answer = { status: name.startsWith('error') ? 400 : 200, text: `{"${name}":${kind}${token}${type}}` }
      assert.match(await outcomeAt(t, url), /^(the|a) (token URL|answer)/)
    }
  }
})
