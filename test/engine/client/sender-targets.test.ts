import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { PUBLIC_TARGETS, parseTargets } from '../../../src/core/network/target.ts'
import { fakeNames } from './fake-names.ts'
import { listen, openHttp, openSender, sent, to } from './wire.ts'

const portOf = (origin: string) => new URL(origin).port

test('a name that resolves to a private address is blocked before anything is connected', async (t) => {
  let connections = 0
  const server = createServer(() => {
    connections += 1
  })
  const port = portOf(`http://${await listen(t, server)}`)
  for (const addresses of [['127.0.0.1'], ['10.0.0.1', '169.254.169.254'], ['::1'], ['::ffff:127.0.0.1']]) {
    const sender = openSender(t, PUBLIC_TARGETS, { names: fakeNames(addresses) })
    const { error, status } = await sent(sender, to(`http://hook.example.com:${port}`))
    assert.deepEqual([error, status], ['blocked_target', null], addresses.join())
  }
  assert.equal(connections, 0)
})

test('an address in the URL is blocked without asking anybody', async (t) => {
  const names = fakeNames(['8.8.8.8'])
  const sender = openSender(t, PUBLIC_TARGETS, { names })
  for (const host of ['127.0.0.1', '[::1]', '0x7f.1', '2130706433', '0177.0.0.1', '127.0.0.1.', '[::ffff:127.0.0.1]']) {
    for (const scheme of ['http', 'https']) {
      const { origin } = new URL(`${scheme}://${host}:9`)
      assert.equal((await sent(sender, to(origin))).error, 'blocked_target', origin)
    }
  }
  assert.deepEqual(names.asked, [])
})

test('the socket connects to the address that was judged: a name that changes its mind gains nothing', async (t) => {
  const reached: string[] = []
  const origin = await openHttp(t, (request, response) => {
    reached.push(request.headers.host!)
    response.end()
  })
  // 127.0.0.1 is allowed here, and 127.0.0.2 is what must not be reached.
  const targets = parseTargets('127.0.0.1')!
  const names = fakeNames(['127.0.0.1'], ['127.0.0.2'], ['127.0.0.2', '127.0.0.1'])
  const sender = openSender(t, targets, { names })
  const host = `http://rebinding.example:${portOf(origin)}`
  assert.equal((await sent(sender, to(host))).status, 200)
  assert.equal(names.asked.length, 1, 'one look-up for a connection')
  const close = { headers: ['connection', 'close'] }
  assert.equal((await sent(sender, to(host, close))).status, 200, 'the open connection is used without a look-up')
  assert.equal(names.asked.length, 1)
  const again = openSender(t, targets, { names })
  assert.equal((await sent(again, to(host))).error, 'blocked_target')
  assert.equal((await sent(again, to(host))).status, 200, 'what is not allowed of several is passed over')
  assert.equal(reached.length, 3)
})

test('a name that is not known is a failure of DNS, and not blocked', async (t) => {
  assert.equal(
    (await sent(openSender(t, PUBLIC_TARGETS, { names: fakeNames() }), to('http://nowhere.example'))).error,
    'dns',
  )
})

test('a listed name may resolve to anything', async (t) => {
  const origin = await openHttp(t, (_, response) => response.end())
  const sender = openSender(t, parseTargets('hooks.internal')!, { names: fakeNames(['127.0.0.1'], ['127.0.0.1']) })
  assert.equal((await sent(sender, to(`http://hooks.internal:${portOf(origin)}`))).status, 200)
  assert.equal((await sent(sender, to(`http://other.internal:${portOf(origin)}`))).error, 'blocked_target')
})
