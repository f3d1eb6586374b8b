import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, runUntilExit, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const folder = makeFolder()
after(() => folder[Symbol.dispose]())

interface SentSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes: { key: string; value: { stringValue?: string; intValue?: string } }[]
  status?: { message: string }
}

/** A listener that fails its first attempt, and a server whose traces go to a collector. */
async function fixture(env: Record<string, string>) {
  let failures = 1
  const listener = await startReceiver((_, response) => {
    response.statusCode = failures-- > 0 ? 500 : 200
    response.end()
  })
  const server = await startServerProcess({
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, `${Object.keys(env).length}.db`)}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    ...env,
  })
  const client = createClient(() => server.url)
  const { queue } = (await client.call('POST', '/queues', { name: 'orders' })).body
  const retry = { initial_delay: 10 }
  await client.call('POST', `/queues/${queue.id}/listeners`, { name: 'shop', notify_url: listener.url, retry })
  const post = async (headers: Record<string, string>) => {
    const init = {
      method: 'POST',
      body: '{"data":"x"}',
      headers: { 'x-api-key': TEST_ROOT_KEY, 'content-type': 'application/json', ...headers },
    }
    const response = await fetch(`${server.url}/v1/queues/${queue.id}/messages`, init)
    return ((await response.json()) as { message: { id: string } }).message.id
  }
  return { server, listener, post }
}

test('a message is traced from its POST through the commit to each attempt, within the trace of the caller', async () => {
  const collector = await startReceiver()
  const { server, listener, post } = await fixture({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const id = await post({ traceparent: `00-${traceId}-b7ad6b7169203331-01` })
  await listener.until(2)
  assert.equal(await server.end('SIGTERM'), 0)

  const spans = collector.received.flatMap(({ path, body }): SentSpan[] => {
    assert.equal(path, '/v1/traces')
    return JSON.parse(body).resourceSpans[0].scopeSpans[0].spans
  })
  const [request] = spans.filter(({ name }) => name.startsWith('POST '))
  const [commit] = spans.filter(({ name }) => name === 'commit')
  const attempts = spans.filter(({ name }) => name === 'deliver')
  assert.deepEqual(new Set(spans.map((span) => span.traceId)), new Set([traceId]))
  assert.equal(request!.parentSpanId, 'b7ad6b7169203331')
  assert.equal(commit!.parentSpanId, request!.spanId)
  assert.deepEqual(
    attempts.map(({ parentSpanId }) => parentSpanId),
    [request!.spanId, request!.spanId],
  )
  const attribute = (span: SentSpan, key: string) => span.attributes.find((it) => it.key === key)?.value
  for (const span of [commit!, ...attempts]) {
    assert.deepEqual(attribute(span, 'messaging.message.id'), { stringValue: id })
  }
  assert.deepEqual(
    attempts.map((span) => [attribute(span, 'discue.attempt')?.stringValue, span.status?.message]),
    [
      ['1', '500'],
      ['2', undefined],
    ],
  )
  // The listener goes on from the attempt that reached it.
  assert.deepEqual(
    listener.received.map(({ headers }) => headers.traceparent),
    attempts.map(({ spanId }) => `00-${traceId}-${spanId}-01`),
  )
})

test('a trace that the caller does not want recorded is passed on, and not recorded', async () => {
  const collector = await startReceiver()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'queue' }
  const { server, listener, post } = await fixture(env)
  await post({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' })
  await listener.until(2)
  await server.end('SIGTERM')
  assert.match(
    String(listener.received[0]!.headers.traceparent),
    /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/,
  )
  assert.deepEqual(collector.received, [])
})

test('a collector that is down costs nothing but its spans', async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_SERVICE_NAME: 'x',
    OTEL_TRACES_SAMPLER_ARG: '1',
  }
  const { server, listener, post } = await fixture(env)
  await post({})
  await listener.until(2)
  assert.equal(await server.end('SIGTERM'), 0)
  assert.match(server.output().stderr, /spans were not taken by the collector/)
})

test('without an endpoint nothing is traced or passed on; a wrong one stops the start', async () => {
  const { server, listener, post } = await fixture({})
  await post({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' })
  await listener.until(2)
  assert.equal(listener.received[0]!.headers.traceparent, undefined)
  await server.end('SIGTERM')
  const { code, stderr } = await runUntilExit({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' })
  assert.equal(code, 2)
  assert.match(stderr, /^discue: OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL[^\n]*\n$/)
})
