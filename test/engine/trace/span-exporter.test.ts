import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../../src/core/delivery/attempt.ts'
import type { OutgoingRequest, Sender } from '../../../src/engine/client/sender.ts'
import { createSpanExporter } from '../../../src/engine/trace/span-exporter.ts'
import { createRuntime } from '../../../src/runtime.ts'

const SETTINGS = { url: 'http://collector/v1/traces', headers: { 'x-key': 'secret' }, service: 'discue', ratio: 1 }
const ANSWER: Outcome = { startedAt: 0, durationMs: 1, status: 200, error: null, response: '', directive: null }

function span(at: number) {
  const context = { traceId: 'a'.repeat(32), spanId: at.toString(16).padStart(16, '0'), sampled: true }
  return {
    context,
    parentSpanId: null,
    name: 'x',
    kind: 'internal',
    startedAt: 0,
    endedAt: 1,
    attributes: {},
    failure: null,
  } as const
}

/** A collector that answers when the test lets it. */
function fixture(outcome: Outcome = ANSWER) {
  const requests: OutgoingRequest[] = []
  const answers: (() => void)[] = []
  const warnings: object[] = []
  const sender: Sender = {
    send(request) {
      requests.push(request)
      return new Promise((resolve) => answers.push(() => resolve(outcome)))
    },
    abort: () => answers.splice(0).forEach((answer) => void answer()),
    dropPool() {},
    dropIdle() {},
    async close() {},
  }
  const nothing = () => {}
  const log = { debug: nothing, info: nothing, error: nothing, warn: (fields: object) => void warnings.push(fields) }
  const exporter = createSpanExporter(createRuntime(log), SETTINGS, '1.0.0', sender)
  const counts = () => requests.map(({ body }) => JSON.parse(String(body)).resourceSpans[0].scopeSpans[0].spans.length)
  return { exporter, requests, answers, warnings, counts, log }
}

test('spans go out in batches, one after the other, and what is too much is dropped and told', async () => {
  const { exporter, requests, answers, warnings, counts } = fixture({ ...ANSWER, status: 503 })
  for (let at = 0; at < 512 + 8_192 + 5; at++) exporter.take(span(at))
  assert.equal(requests.length, 1, 'while one is on the wire the others wait')
  assert.deepEqual(requests[0]!.headers, ['content-type', 'application/json', 'x-key', 'secret'])
  answers.shift()!()
  while (requests.length < 2) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(warnings, [{ spans: 512, dropped: 5, status: 503, error: null }])
  const closed = exporter.close()
  while (counts().reduce((sum, count) => sum + count, 0) < 512 + 8_192) {
    answers.splice(0).forEach((answer) => void answer())
    await new Promise((resolve) => setImmediate(resolve))
  }
  answers.splice(0).forEach((answer) => void answer())
  await closed
  assert.ok(counts().every((count) => count <= 512))
})

test('what waits is sent when the server stops', async () => {
  const { exporter, answers, counts } = fixture()
  exporter.take(span(1))
  const closed = exporter.close()
  while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve))
  answers.shift()!()
  await closed
  assert.deepEqual(counts(), [1])
})

test('a batch that cannot be sent at all is told, ends nothing, and the next one goes out', async () => {
  const { requests, warnings, log } = fixture()
  let fail = true
  const broken = async (request: OutgoingRequest) => {
    requests.push(request)
    if (fail) throw new Error('broken')
    return ANSWER
  }
  const idle = { abort() {}, dropPool() {}, dropIdle() {}, async close() {} }
  const exporter = createSpanExporter(createRuntime(log), SETTINGS, '1.0.0', { send: broken, ...idle })
  for (let at = 0; at < 512; at++) exporter.take(span(at))
  while (warnings.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.match(JSON.stringify(warnings), /"spans":512/)
  fail = false
  for (let at = 0; at < 512; at++) exporter.take(span(at))
  await exporter.close()
  assert.deepEqual([requests.length, warnings.length], [2, 1])
})
