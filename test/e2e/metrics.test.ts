import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { type PrometheusSample, readExposition } from '../support/server/prometheus.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, runUntilExit, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

function fresh(t: TestContext): Record<string, string> {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  return { DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }
}

async function scrape(url: string): Promise<PrometheusSample[]> {
  const answer = await fetch(url)
  assert.equal(answer.status, 200)
  return readExposition(await answer.text())
}

function sumOf(samples: readonly PrometheusSample[], name: string): number {
  return samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0)
}

test('a real server tells on a port of its own what it has carried, and there alone', async (t) => {
  const receiver = await startReceiver()
  const server = await startServerProcess({ ...fresh(t), DISCUE_METRICS_PORT: '0', DISCUE_LOG_LEVEL: 'info' })
  const metricsUrl = /"url":"(http:\/\/127\.0\.0\.1:\d+\/metrics)"/.exec(server.output().stderr)?.[1]
  assert.ok(metricsUrl !== undefined, server.output().stderr)
  assert.equal((await fetch(`${server.url}/metrics`)).status, 404)
  for (const [method, path, status] of [
    ['GET', '/metrics/', 404],
    ['GET', '/v1/queues', 404],
    ['POST', '/metrics', 405],
  ] as const) {
    assert.equal((await fetch(new URL(path, metricsUrl), { method })).status, status, path)
  }

  const { call } = createClient(() => server.url)
  const queueId = (await call('POST', '/queues', { name: 'orders' })).body.queue.id
  await call('POST', `/queues/${queueId}/listeners`, { name: 'shop', notify_url: receiver.url })
  assert.equal((await call('POST', `/queues/${queueId}/messages`, { data: 'x' })).status, 200)
  // The receiver knows of a delivery before it is settled.
  await waitFor('settled deliveries', async () => sumOf(await scrape(metricsUrl), 'discue_deliveries_total'))
  const samples = await scrape(metricsUrl)
  for (const name of [
    'discue_messages_accepted_total',
    'discue_message_accept_seconds_count',
    'discue_delivery_attempt_seconds_count',
    'discue_delivery_lateness_seconds_count',
    'discue_deliveries_total',
  ]) {
    assert.equal(sumOf(samples, name), 1, name)
  }
  assert.ok(sumOf(samples, 'discue_commit_seconds_count') >= 2)
  assert.equal(await server.end('SIGTERM'), 0)
})

test('a port for metrics that is in use stops the start with one line', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as { port: number }
  const { code, stderr } = await runUntilExit({ ...fresh(t), DISCUE_METRICS_PORT: String(port) })
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`^discue: 127.0.0.1 port ${port} is in use; [^\n]*DISCUE_METRICS_PORT[^\n]*\n$`))
})
