// That a proxy which fails, in whatever way, is told from a receiver that fails: no attempt is to be counted for it.
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { parseBypass, parseEgressProxy } from '../../../src/core/network/egress.ts'
import { ANY_TARGET } from '../../../src/core/network/target.ts'
import { createSender } from '../../../src/engine/client/sender.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { listen, openHttp, sent, to } from '../../engine/client/wire.ts'
import { silentLog } from '../../support/silent-log.ts'

/** What the operator was told. */
interface Heard {
  warnings: string[]
}

/** Through a proxy at this URL; a hasty one does not wait as long for it as a server would. */
function open(
  t: TestContext,
  url: string,
  { heard = { warnings: [] }, hasty = false }: { heard?: Heard; hasty?: boolean } = {},
) {
  const real = createRuntime({
    ...silentLog,
    warn: (fields, message) => heard.warnings.push(`${message} ${JSON.stringify(fields)}`),
  })
  const runtime = {
    ...real,
    upkeep: (ms: number, run: () => void) => real.upkeep(hasty && ms >= 10_000 ? 300 : ms, run),
  }
  const egress = { proxy: parseEgressProxy(url)!, bypass: parseBypass('')!, resolve: 'here' } as const
  const sender = createSender(runtime, ANY_TARGET, { egress })
  t.after(() => sender.close())
  return sender
}

const PROTOCOLS = ['http', 'socks5']

/** A proxy that talks as it likes once it was spoken to. */
const openRaw = (t: TestContext, talk: (socket: Socket, bytes: Buffer) => void) =>
  listen(
    t,
    createServer((socket) => {
      socket.on('error', () => {}).on('data', (bytes: Buffer) => talk(socket, bytes))
    }),
  )

const never = (t: TestContext) => openHttp(t, () => assert.fail('the receiver was reached'))

const CONNECTED: Record<string, Buffer> = {
  http: Buffer.from('HTTP/1.1 200 OK\r\n\r\n'),
  socks5: Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
}

const TALK: [string, (protocol: string, socket: Socket, bytes: Buffer) => void][] = [
  ['closes at once', (_, socket) => socket.end()],
  ['resets the connection', (_, socket) => socket.resetAndDestroy()],
  ['answers rubbish', (_, socket) => socket.write('rubbish\r\n\r\n')],
  ['answers with zeros', (_, socket) => socket.write(Buffer.alloc(64))],
  ['answers for ever', (_, socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`)],
  ['answers interim responses for ever', (_, socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(10_000))],
  ['fails', (_, socket) => socket.write('HTTP/1.1 500 Internal Server Error\r\n\r\n')],
  ['wants credentials', (_, socket) => socket.write('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')],
  ['says nothing', () => {}],
  [
    'says more than its answer',
    (protocol, socket, bytes) => {
      if (protocol === 'socks5' && bytes[1] === 1 && bytes.length === 3) socket.write(Buffer.from([5, 0]))
      else socket.write(Buffer.concat([CONNECTED[protocol]!, Buffer.from('HTTP/1.1 200 OK\r\n\r\n')]))
    },
  ],
]

for (const protocol of PROTOCOLS) {
  for (const [what, talk] of TALK) {
    test(`a proxy of ${protocol} that ${what} is the proxy's fault, and the receiver hears nothing`, async (t) => {
      const at = await openRaw(t, (socket, bytes) => talk(protocol, socket, bytes))
      const heard: Heard = { warnings: [] }
      const sender = open(t, `${protocol}://name:hunter2@${at}`, { heard, hasty: what === 'says nothing' })
      const outcome = await sent(sender, to(await never(t), { timeoutMs: 100 }))
      assert.deepEqual([outcome.status, outcome.error], [null, 'proxy'], outcome.response)
      assert.equal(heard.warnings.length, 1)
      assert.doesNotMatch(outcome.response + heard.warnings.join(), /hunter2/)
    })
  }

  test(`a proxy of ${protocol} that lives, and waits for a receiver that says nothing, is not at fault`, async (t) => {
    const at = await openRaw(t, (socket, bytes) => {
      const text = bytes.toString('latin1')
      if (text.startsWith('OPTIONS')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      if (bytes[0] === 5 && bytes.length === 3) socket.write(Buffer.from([5, 0]))
    })
    const outcome = await sent(open(t, `${protocol}://${at}`, { hasty: true }), to(await never(t)))
    assert.deepEqual([outcome.status, outcome.error], [null, 'timeout'])
  })
}

test('a proxy that is not there is at fault', async (t) => {
  const server = createServer()
  const at = await listen(t, server)
  await new Promise((resolve) => server.close(resolve))
  for (const protocol of ['http', 'https', 'socks5']) {
    assert.equal((await sent(open(t, `${protocol}://${at}`), to(await never(t)))).error, 'proxy')
  }
})

test('a proxy that speaks no TLS where it should is at fault', async (t) => {
  const at = await openRaw(t, (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
  assert.equal((await sent(open(t, `https://${at}`), to(await never(t)))).error, 'proxy')
})

test('aborting ends what waits for a proxy', async (t) => {
  const asked = Promise.withResolvers<void>()
  const at = await openRaw(t, () => asked.resolve())
  const sender = open(t, `http://${at}`)
  const outcome = sender.send(to(await never(t)))
  await asked.promise
  sender.abort()
  assert.equal(await outcome, 'aborted')
})

test('a proxy that lies about a connection gets no request of TLS in clear, and its answer is no certificate', async (t) => {
  const seen: string[] = []
  const at = await openRaw(t, (socket, bytes) => {
    seen.push(bytes.toString('latin1'))
    socket.write(seen.length === 1 ? CONNECTED.http! : 'HTTP/1.1 200 OK\r\n\r\n')
  })
  const outcome = await sent(open(t, `http://${at}`), to('https://127.0.0.1:9', { body: 'a-secret-body' }))
  assert.equal(outcome.error, 'tls')
  assert.doesNotMatch(seen.join(), /a-secret-body/)
})
