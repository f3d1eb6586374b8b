import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { type ApiOptions, OWNER_KEY, startApi } from '../../support/server/api.ts'
import { Client, listen, post, type WireAnswer } from '../../support/server/wire.ts'
import { inTime } from '../../support/wait-for.ts'

async function given(t: TestContext, options: ApiOptions = {}) {
  const api = await startApi(options)
  const clients: Client[] = []
  t.after(async () => {
    for (const { socket } of clients) socket.destroy()
    await api.app.close()
  })
  const created = await api.call('POST', '/v1/queues', { name: 'q' })
  const queueId: string = created.body.queue.id
  const port = await listen(api.app)
  const open = () => {
    const client = new Client(port)
    clients.push(client)
    return client
  }
  const one = (data: string) => post(queueId, { key: OWNER_KEY, body: { data } })
  /** The data of all messages, sorted: those of one millisecond have no order. */
  const stored = async () => {
    const { body } = await api.call('GET', `/v1/queues/${queueId}/messages?_embed&per_page=100`)
    return (body._embedded.messages as { data: string }[]).map(({ data }) => data).sort()
  }
  return { api, open, one, queueId, stored }
}

function statusOf(answer: WireAnswer | null): string | undefined {
  return answer?.statusLine.split(' ')[1]
}

const LIST = `GET /v1/queues HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${OWNER_KEY}\r\n\r\n`

test('posts and other requests may follow each other on one connection, in any order', async (t) => {
  const { open, one, stored } = await given(t)
  const client = open()
  for (const request of [one('1'), one('2'), LIST, one('3'), LIST, one('4')]) {
    client.send(request)
    assert.equal(statusOf(await client.answer()), '200')
  }
  assert.deepEqual(await stored(), ['1', '2', '3', '4'])
})

test('requests that are sent ahead are answered in their order, each once', async (t) => {
  const { open, one, stored } = await given(t)
  const client = open()
  const posts = Array.from({ length: 50 }, (_, at) => one(String(at)))
  client.send([...posts, LIST, one('last')].join(''))
  const answers: (WireAnswer | null)[] = []
  for (let i = 0; i < 52; i++) answers.push(await client.answer())
  assert.deepEqual(new Set(answers.map(statusOf)), new Set(['200']))
  assert.match(answers[50]!.body, /"queues"/)
  assert.deepEqual(await stored(), [...posts.map((_, at) => String(at)), 'last'].sort())
})

test('a request may come in pieces, cut anywhere', async (t) => {
  const { open, one, stored } = await given(t)
  const text = one('in pieces') + one('and another')
  const cuts = [
    1,
    4,
    20,
    text.indexOf('\r\n\r\n') + 2,
    text.indexOf('\r\n\r\n') + 4,
    text.indexOf('pieces'),
    text.length / 2 + 3,
  ]
  await Promise.all(
    cuts.map(async (cut) => {
      const client = open()
      client.send(text.slice(0, cut))
      await new Promise((resolve) => setTimeout(resolve, 20))
      client.send(text.slice(cut))
      assert.deepEqual([statusOf(await client.answer()), statusOf(await client.answer())], ['200', '200'], String(cut))
    }),
  )
  assert.equal((await stored()).length, 2 * cuts.length)
})

test('a body that is larger than one read arrives whole', async (t) => {
  const { open, one, stored } = await given(t)
  const client = open()
  const data = 'x'.repeat(200 * 1024)
  client.send(one('small') + one(data) + one('small too'))
  for (let i = 0; i < 3; i++) assert.equal(statusOf(await client.answer()), '200')
  assert.deepEqual(await stored(), ['small', 'small too', data])
})

test('what is no plain post is judged as ever, and rubbish is refused', async (t) => {
  const { open, one, queueId, stored } = await given(t)
  const key = OWNER_KEY
  for (const [request, status] of [
    [post(queueId, { key, body: '{"data":' }), '400'],
    [post(queueId, { key, body: '' }).replace('Content-Length: 0', 'Content-Length: 0'), '400'],
    [post(queueId, { key, body: { data: 1 } }), '422'],
    [post(queueId, { key, body: { data: 'x', delay: 1, deliver_at: 1 } }), '422'],
    [post(queueId, { key: '', body: { data: 'x' } }), '401'],
    [one('x').replace('application/json', 'text/plain'), '415'],
    [post(queueId, { key, body: { data: 'x' }, fields: ['Accept: text/html'] }), '406'],
    [one('x').replace('POST', 'PATCH'), '405'],
    [one('x').replace('Content-Length', 'Content-Length: 1\r\nContent-Length'), '400'],
    [one('x').replace('\r\nHost', '\nHost'), '400'],
    [`\u0000${one('x')}`, '400'],
  ] as const) {
    const client = open()
    client.send(request)
    assert.equal(statusOf(await client.answer()), status, request)
  }
  assert.deepEqual(await stored(), [])
})

test('a client that has said all that it will is answered before the connection ends', async (t) => {
  const { open, one, stored } = await given(t)
  const client = open()
  client.socket.end(one('last words'))
  assert.equal(statusOf(await client.answer()), '200')
  await client.closed()
  assert.deepEqual(await stored(), ['last words'])
})

test('a client that hangs up leaves nothing behind', async (t) => {
  const { api, open, one } = await given(t)
  const client = open()
  client.send(one('x'))
  if (client.socket.connecting) await once(client.socket, 'connect')
  client.socket.resetAndDestroy()
  // The server has no open connection left, or this would wait for its clients.
  await api.app.close()
})

test('closing ends idle connections at once, and those that wait for an answer with it', async (t) => {
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const { api, open, one } = await given(t, {
    wrap: ({ acceptor }) => ({
      acceptor: {
        ...acceptor,
        accept: async (messages, ...rest) => {
          if (messages[0]!.data !== 'slow') return acceptor.accept(messages, ...rest)
          asked.resolve()
          await gate.promise
          return acceptor.accept(messages, ...rest)
        },
      },
    }),
  })
  const [fresh, idle, busy] = [open(), open(), open()]
  idle.send(one('quick'))
  assert.equal(statusOf(await idle.answer()), '200')
  busy.send(one('slow'))
  await asked.promise
  if (fresh.socket.connecting) await once(fresh.socket, 'ready')
  const closing = api.app.close()
  await inTime('the end of the idle connections', Promise.all([fresh.closed(), idle.closed()]))
  gate.resolve()
  assert.equal(statusOf(await busy.answer()), '200')
  await inTime('the end of the server', Promise.all([busy.closed(), closing]))
})

test('closing gives up a request that never comes whole, though its connection was handed over', async (t) => {
  let passedMs = 0
  const { api, open, one } = await given(t, {
    wrap: ({ runtime }) => ({
      runtime: {
        ...runtime,
        elapsedMs: () => runtime.elapsedMs() + passedMs,
        after(delayMs, run) {
          // A second goes by with each timer: a server that closes waits for ten.
          const timer = setTimeout(() => {
            passedMs += 1_000
            run()
          }, delayMs)
          return () => clearTimeout(timer)
        },
      },
    }),
  })
  const client = open()
  client.send(LIST)
  assert.equal(statusOf(await client.answer()), '200')
  const begun = once(api.app.server, 'request')
  client.send(one('never whole').slice(0, -5))
  await begun
  await inTime('the end of the server', Promise.all([api.app.close(), client.closed()]))
})
