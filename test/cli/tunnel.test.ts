import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Refused, Unreachable } from '../../src/cli/client/api-client.ts'
import type { Forwarder, PulledMessage } from '../../src/cli/listen/forwarder.ts'
import { type PullApi, Tunnel } from '../../src/cli/listen/tunnel.ts'
import type { Outcome } from '../../src/core/delivery/attempt.ts'
import { createRuntime } from '../../src/runtime.ts'

const CUT = new Unreachable('http://server', new Error('cut'))
const REFUSED = new Refused(403, { title: 'Forbidden' }, null)
const log = { debug() {}, info() {}, warn() {}, error() {} }

function answered(status: number, retryAfterMs?: number): Outcome {
  const directive = retryAfterMs === undefined ? null : { noRetry: false, retryAfterMs }
  return { startedAt: 0, durationMs: 1, status, error: null, response: '', directive }
}

function message(id: string, attempt = 1): PulledMessage {
  return { id, data: `data of ${id}`, receipt: `${id}/${attempt}`, attempt }
}

/** A server that hands out what the test puts in, and a receiver that answers what the test says. */
function fixture(
  options: {
    answer?: (message: PulledMessage) => Outcome | Promise<Outcome>
    ack?: PullApi['ack']
    extend?: PullApi['extend']
    leaseMs?: number
  } = {},
) {
  const pulls: (PulledMessage[] | Error)[] = []
  const told: string[] = []
  let more = Promise.withResolvers<void>()
  const put = (...next: (PulledMessage[] | Error)[]) => {
    pulls.push(...next)
    more.resolve()
  }
  const api: PullApi = {
    async pull({ max }, signal) {
      while (pulls.length === 0) {
        const stopped = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        await Promise.race([more.promise, stopped])
        more = Promise.withResolvers<void>()
      }
      const next = pulls.shift()!
      if (next instanceof Error) throw next
      assert.ok(next.length <= max, `${next.length} were put where ${max} were asked for`)
      return next
    },
    async ack(receipts, signal) {
      const answer = (await options.ack?.(receipts, signal)) ?? { lost: [] }
      told.push(`ack ${receipts} ${answer.lost.length > 0 ? 'lost' : ''}`.trim())
      return answer
    },
    async nack(receipts, delayMs) {
      told.push(`nack ${receipts} ${delayMs}`)
    },
    async extend(receipts, leaseMs, signal) {
      told.push(`extend ${receipts} ${leaseMs}`)
      return (await options.extend?.(receipts, leaseMs, signal)) ?? { lost: [] }
    },
  }
  const forwarder: Forwarder = {
    async forward(it) {
      told.push(`forward ${it.receipt}`)
      return (options.answer ?? (() => answered(200)))(it)
    },
    abort() {},
    async close() {},
  }
  const events = {
    forwarded() {},
    repeated: ({ receipt }: PulledMessage) => void told.push(`repeated ${receipt}`),
    notExtended: ({ receipt }: PulledMessage) => void told.push(`not extended ${receipt}`),
    disconnected: () => void told.push('disconnected'),
    connected: () => void told.push('connected'),
  }
  const runtime = { ...createRuntime(log), random: () => 0 }
  const tunnel = new Tunnel({ api, forwarder, runtime, events, concurrency: 4, leaseMs: options.leaseMs ?? 30_000 })
  return { tunnel, put, told }
}

/** Runs the tunnel until it has told all this, and stops it. */
async function runUntil({ tunnel, told }: ReturnType<typeof fixture>, ends: string): Promise<void> {
  const run = tunnel.run()
  while (!told.includes(ends)) await new Promise((resolve) => setImmediate(resolve))
  await tunnel.stop()
  await run
}

describe('a tunnel', () => {
  test('acknowledges what the receiver took, and gives back what it refused, later each time', async () => {
    const it = fixture({
      answer: ({ id }) => (id === 'busy' ? answered(503, 90_000) : answered(id === 'good' ? 204 : 500)),
    })
    it.put([message('good'), message('bad'), message('busy'), message('worse', 4)])
    await runUntil(it, 'nack worse/4 8000')
    assert.deepEqual(it.told.filter((line) => /ack/.test(line)).sort(), [
      'ack good/1',
      'nack bad/1 1000',
      'nack busy/1 90000',
      'nack worse/4 8000',
    ])
  })

  test('goes on after the network was cut, saying so once each way', async () => {
    const it = fixture()
    it.put(CUT, CUT, [message('later')])
    await runUntil(it, 'ack later/1')
    assert.deepEqual(it.told, ['disconnected', 'connected', 'forward later/1', 'ack later/1'])
  })

  test('repeats an acknowledgement that did not arrive', async () => {
    let cuts = 2
    const it = fixture({
      ack: async () => {
        if (cuts-- > 0) throw CUT
        return { lost: [] }
      },
    })
    it.put([message('one')])
    await runUntil(it, 'ack one/1')
    assert.deepEqual(it.told, ['forward one/1', 'disconnected', 'ack one/1'])
  })

  test('forwards again what comes back after it was acknowledged: somebody redelivered it', async () => {
    const it = fixture()
    const run = it.tunnel.run()
    it.put([message('one')])
    while (!it.told.includes('ack one/1')) await new Promise((resolve) => setImmediate(resolve))
    it.put([message('one', 2)])
    while (!it.told.includes('ack one/2')) await new Promise((resolve) => setImmediate(resolve))
    await it.tunnel.stop()
    await run
    assert.deepEqual(it.told, ['forward one/1', 'ack one/1', 'forward one/2', 'ack one/2'])
  })

  test('makes up for a lost acknowledgement when the message comes back, without forwarding it', async () => {
    let first = true
    const it = fixture({
      ack: async (receipts) => {
        const lost = first ? receipts : []
        first = false
        return { lost }
      },
    })
    const run = it.tunnel.run()
    it.put([message('one')])
    while (!it.told.includes('ack one/1 lost')) await new Promise((resolve) => setImmediate(resolve))
    it.put([message('one', 2)])
    while (!it.told.includes('ack one/2')) await new Promise((resolve) => setImmediate(resolve))
    await it.tunnel.stop()
    await run
    assert.deepEqual(it.told, ['forward one/1', 'ack one/1 lost', 'repeated one/2', 'ack one/2'])
  })

  test('extends a lease as long as its message is being forwarded, also after the network was cut, and no longer', async () => {
    const answer = Promise.withResolvers<Outcome>()
    let extensions = 0
    const it = fixture({
      leaseMs: 30,
      answer: () => answer.promise,
      extend: async () => {
        extensions += 1
        if (extensions === 1) throw CUT
        if (extensions === 3) answer.resolve(answered(200))
        return { lost: [] }
      },
    })
    it.put([message('slow')])
    await runUntil(it, 'ack slow/1')
    const told = [...it.told]
    assert.deepEqual(told.slice(0, 4), ['forward slow/1', 'extend slow/1 30', 'disconnected', 'extend slow/1 30'])
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.deepEqual(it.told, told)
  })

  for (const [why, extend, says] of [
    ['is lost', async (receipts: string[]) => ({ lost: receipts }), []],
    ['the server will not extend', () => Promise.reject(REFUSED), ['not extended slow/1']],
  ] satisfies [string, (receipts: string[]) => Promise<{ lost: string[] }>, string[]][]) {
    test(`extends a lease once only where it ${why}, and forwards its message to the end`, async () => {
      const answer = Promise.withResolvers<Outcome>()
      const it = fixture({
        leaseMs: 30,
        answer: () => answer.promise,
        extend: (receipts) => {
          // Long enough for many more.
          setTimeout(() => answer.resolve(answered(500)), 200)
          return extend(receipts)
        },
      })
      it.put([message('slow')])
      await runUntil(it, 'nack slow/1 1000')
      assert.deepEqual(it.told, ['forward slow/1', 'extend slow/1 30', ...says, 'nack slow/1 1000'])
    })
  }

  test('lets go of what it forwards when it is told to end at once, and extends it no more', async () => {
    const held = Promise.withResolvers<void>()
    const it = fixture({
      leaseMs: 30,
      answer: () => new Promise(() => undefined),
      extend: (_receipts, _leaseMs, signal) => {
        held.resolve()
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    })
    const run = it.tunnel.run()
    it.put([message('slow')])
    await held.promise
    it.tunnel.abort()
    await run
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.deepEqual(it.told, ['forward slow/1', 'extend slow/1 30'])
  })

  test('ends where the server refuses, which trying again would not change', async () => {
    const it = fixture()
    it.put(new Refused(404, { title: 'Not Found', detail: 'no listener of this queue has this id' }, null))
    await assert.rejects(it.tunnel.run(), /404 Not Found: no listener/)
  })
})
