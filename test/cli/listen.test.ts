import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { verify } from '../../clients/typescript/src/index.ts'
import { breakableNetwork } from '../support/server/breakable-network.ts'
import { createClient } from '../support/server/client.ts'
import { type RunningCommand, startCommand } from '../support/server/command.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const folder = makeFolder()
let server: ServerProcess
const client = createClient(() => server.url)

before(async () => {
  const url = `sqlite:${join(folder.path, 'discue.db')}`
  server = await startServerProcess({ DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
})
after(async () => {
  await server.end('SIGTERM')
  folder[Symbol.dispose]()
})

async function makeQueue(name: string): Promise<string> {
  return (await client.call('POST', '/queues', { name })).body.queue.id
}

async function send(queueId: string, data: string): Promise<string> {
  const { status, body } = await client.call('POST', `/queues/${queueId}/messages`, { data })
  assert.equal(status, 200)
  return body.message.id
}

async function listenerNames(queueId: string): Promise<string[]> {
  const { body } = await client.call('GET', `/queues/${queueId}/listeners`)
  return body.listeners.map(({ name }: { name: string }) => name)
}

async function listen(queue: string, to: string, { url = server.url, more = [] as string[] } = {}) {
  const command = startCommand(['listen', queue, '--to', to, '--json', ...more], { url })
  await command.until(({ stderr }) => stderr.includes('forwarding'))
  return command
}

function lines({ output }: RunningCommand): { id: string; status: number; acknowledged: boolean; attempt: number }[] {
  return output.stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

describe('discue listen', () => {
  test('forwards what is sent, as a listener would get it, and removes itself in order', async () => {
    const queueId = await makeQueue('forwarded')
    const receiver = await startReceiver()
    const command = await listen('forwarded', `${receiver.url}/hook?x=1`)
    const id = await send(queueId, '{"order":1}')
    await receiver.until(1)
    const [{ path, headers, body }] = receiver.received as [(typeof receiver.received)[number]]
    assert.equal(path, '/hook?x=1')
    assert.equal(body, '{"order":1}')
    assert.equal(headers['webhook-id'], id)
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['discue-queue'], queueId)
    assert.equal(headers['discue-attempt'], '1')
    assert.match(String(headers['user-agent']), /^discue\//)
    const secret = /whsec_\S+/.exec(command.output.stderr)![0]
    new Webhook(secret).verify(body, headers as Record<string, string>)

    await command.until(({ stdout }) => stdout.includes(id))
    command.signal('SIGINT')
    assert.equal(await command.ended, 0)
    const [line] = lines(command)
    assert.deepEqual(
      { ...line, duration: 0, started_at: 0 },
      {
        id,
        name: id,
        attempt: 1,
        started_at: 0,
        duration: 0,
        status: 200,
        error: null,
        acknowledged: true,
      },
    )
    assert.deepEqual(await listenerNames(queueId), [])
  })

  test('forwards bytes as they are, by their type, signed', async () => {
    const queueId = await makeQueue('bytes')
    const receiver = await startReceiver()
    const command = await listen('bytes', receiver.url)
    const bytes = Buffer.from([0, 0xff, 0xc3, 0x28])
    const body = { data_base64: bytes.toString('base64'), content_type: 'image/png' }
    assert.equal((await client.call('POST', `/queues/${queueId}/messages`, body)).status, 200)
    await receiver.until(1)
    const [{ headers, bytes: got }] = receiver.received as [(typeof receiver.received)[number]]
    assert.deepEqual([got, headers['content-type']], [bytes, 'image/png'])
    const secret = /whsec_\S+/.exec(command.output.stderr)![0]
    await assert.doesNotReject(verify(got, headers, secret))
    command.signal('SIGINT')
    assert.equal(await command.ended, 0)
  })

  test('gives back what the receiver refused, and forwards it again', async () => {
    const queueId = await makeQueue('refused')
    let refusals = 1
    const receiver = await startReceiver((_, response) => {
      response.statusCode = refusals-- > 0 ? 500 : 204
      response.end()
    })
    const command = await listen('refused', receiver.url)
    const id = await send(queueId, 'x')
    await receiver.until(2)
    assert.deepEqual(
      receiver.received.map(({ headers }) => [headers['webhook-id'], headers['discue-attempt']]),
      [
        [id, '1'],
        [id, '2'],
      ],
    )
    const [first, second] = receiver.received
    assert.equal(first!.headers['discue-first-sent-at'], second!.headers['discue-first-sent-at'])
    command.signal('SIGTERM')
    assert.equal(await command.ended, 0)
    assert.deepEqual(
      lines(command).map(({ status, acknowledged }) => [status, acknowledged]),
      [
        [500, false],
        [204, true],
      ],
    )
  })

  test('loses nothing when the network is cut again and again, and forwards nothing twice that was taken', async () => {
    const queueId = await makeQueue('cut')
    const network = await breakableNetwork(server.url)
    const receiver = await startReceiver()
    const command = await listen('cut', receiver.url, { url: network.url, more: ['--timeout', '1s'] })
    const sent: string[] = []
    for (let round = 0; round < 4; round++) {
      for (let count = 0; count < 25; count++) sent.push(await send(queueId, `${round}/${count}`))
      // In the middle of things: with messages on their way down, and acknowledgements on their way up.
      await receiver.until(round * 25 + 1)
      network.cut()
      await command.until(({ stderr }) => stderr.split('trying until it is back').length > round + 1)
      sent.push(await send(queueId, `sent while cut, ${round}`))
      network.mend()
      await command.until(({ stderr }) => stderr.split('connected again').length > round + 1)
    }
    const got = () => new Set(receiver.received.map(({ headers }) => headers['webhook-id']))
    await receiver.until(sent.length, () => sent.filter((id) => got().has(id)).length)
    assert.equal(receiver.received.length, sent.length, 'each was forwarded once')

    // The server has heard of each: a temporary listener keeps no message that was taken.
    const { body } = await client.call('GET', `/queues/${queueId}/listeners?_embed`)
    const listener = body._embedded.listeners[0].id
    const acknowledged = async () =>
      (await client.call('GET', `/queues/${queueId}/listeners/${listener}`)).body.listener.messages.acknowledged_count
    await waitFor('acknowledgements', acknowledged, sent.length)
    assert.equal(await acknowledged(), sent.length)
    command.signal('SIGINT')
    assert.equal(await command.ended, 0)
    assert.deepEqual(await listenerNames(queueId), [])
  })

  test('says what remains where it cannot remove its listener, and the next run removes it', async () => {
    const queueId = await makeQueue('left')
    const network = await breakableNetwork(server.url)
    const receiver = await startReceiver()
    const command = await listen('left', receiver.url, { url: network.url })
    network.cut()
    await command.until(({ stderr }) => stderr.includes('trying until it is back'))
    command.signal('SIGINT')
    assert.equal(await command.ended, 1)
    assert.match(command.output.stderr, /the listener listen\/\S+ remains; the next "discue listen" .* removes it/)
    const [left] = await listenerNames(queueId)
    assert.match(left!, /^listen\//)

    const next = await listen('left', receiver.url)
    assert.match(next.output.stderr, new RegExp(`removed ${left}, which an earlier run had left behind`))
    assert.equal((await listenerNames(queueId)).length, 1)
    next.signal('SIGINT')
    assert.equal(await next.ended, 0)
  })

  test('a listener of a run that was killed is removed by the next, and one of a run that goes on is not', async () => {
    const queueId = await makeQueue('killed')
    const receiver = await startReceiver()
    const killed = await listen('killed', receiver.url)
    const alive = await listen('killed', receiver.url)
    killed.signal('SIGKILL')
    await killed.ended
    const third = await listen('killed', receiver.url)
    assert.equal((await listenerNames(queueId)).length, 2)
    for (const command of [alive, third]) command.signal('SIGINT')
    assert.deepEqual(await Promise.all([alive.ended, third.ended]), [0, 0])
    assert.deepEqual(await listenerNames(queueId), [])
  })

  test('two signals do not wait for a receiver that hangs', async () => {
    const queueId = await makeQueue('hanging')
    const receiver = await startReceiver(() => {})
    const command = await listen('hanging', receiver.url, { more: ['--timeout', '5m'] })
    await send(queueId, 'x')
    await receiver.until(1)
    command.signal('SIGINT')
    await command.until(({ stderr }) => stderr.includes('once more, a second later, ends it at once'))
    // Longer than it takes until a signal counts as another one, and shorter than the receiver may take.
    await sleep(1_200)
    command.signal('SIGINT')
    assert.equal(await command.ended, 130)
    assert.deepEqual(await listenerNames(queueId), [])
  })

  test('ends where its listener was deleted', async () => {
    const queueId = await makeQueue('deleted')
    const command = await listen('deleted', 'http://127.0.0.1:1')
    const { body } = await client.call('GET', `/queues/${queueId}/listeners`)
    await client.call('DELETE', `/queues/${queueId}/listeners/${body.listeners[0].id}`)
    assert.equal(await command.ended, 1)
    assert.match(command.output.stderr, /404 Not Found: no listener of this queue has this id/)
  })
})
