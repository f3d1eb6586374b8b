import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import fc from 'fast-check'
import { poolOf } from '../../../src/engine/client/connections.ts'
import { makeCertificate, NO_OPENSSL } from '../../support/server/certificate.ts'
import { openHttp, openSender, sent, to } from './wire.ts'

const certificate = makeCertificate()
const skip = certificate === null ? NO_OPENSSL : false
const trusted = getCACertificates()
after(() => setDefaultCACertificates(trusted))

/** A server that answers each request with the number of the connection that it came over. */
async function openNumbered(t: TestContext): Promise<string> {
  const numbers = new Map<unknown, number>()
  return openHttp(t, ({ socket }, response) => {
    if (!numbers.has(socket)) numbers.set(socket, numbers.size + 1)
    response.end(String(numbers.get(socket)))
  })
}

test('one organization sends over the connection that it has, and never over that of another', async (t) => {
  const [origin, sender] = [await openNumbered(t), openSender(t)]
  const numberFor = async (organizationId: string) => (await sent(sender, to(origin, { organizationId }))).response
  const numbers = []
  for (const organizationId of ['a', 'b', 'a', 'b', '']) numbers.push(await numberFor(organizationId))
  assert.deepEqual(numbers, ['1', '2', '1', '2', '3'])
})

test('a pool that is dropped has its idle connections closed, and those of others stay', async (t) => {
  const [origin, sender] = [await openNumbered(t), openSender(t)]
  const numberFor = async (organizationId: string) => (await sent(sender, to(origin, { organizationId }))).response
  assert.deepEqual([await numberFor('a'), await numberFor('b')], ['1', '2'])
  sender.dropPool(poolOf({ origin, organizationId: 'a' }))
  assert.deepEqual([await numberFor('b'), await numberFor('a')], ['2', '3'])
})

test('a session of TLS is resumed by the organization that made it, and by no other', { skip }, async (t) => {
  setDefaultCACertificates([...trusted, certificate!.cert])
  const server = createServer(certificate!, ({ socket }, response) => {
    const { isSessionReused } = socket as unknown as { isSessionReused(): boolean }
    response.setHeader('connection', 'close')
    response.end(isSessionReused.call(socket) ? 'resumed' : 'new')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sender = openSender(t)
  const stateFor = async (organizationId: string) => (await sent(sender, to(origin, { organizationId }))).response
  const states = []
  for (const organizationId of ['a', 'b', 'a', 'b']) states.push(await stateFor(organizationId))
  assert.deepEqual(states, ['new', 'new', 'resumed', 'resumed'])
  sender.dropPool(poolOf({ origin, organizationId: 'a' }))
  assert.deepEqual([await stateFor('a'), await stateFor('b')], ['new', 'resumed'])
})

test('requests have one pool only where all of it is the same', () => {
  const origin = fc.constantFrom('http://a', 'http://a:81', 'https://a', 'http://b')
  const way = fc.record({ origin, organizationId: fc.constantFrom('', 'a', 'b', 'ab') })
  fc.assert(
    fc.property(way, way, (one, other) => {
      assert.equal(poolOf(one) === poolOf(other), JSON.stringify(one) === JSON.stringify(other))
    }),
  )
})
