import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parseBypass, parseEgressProxy } from '../../../src/core/network/egress.ts'
import { createCollectorSender } from '../../../src/engine/trace/collector-sender.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { silentLog } from '../../support/silent-log.ts'
import { fakeNames } from '../client/fake-names.ts'
import { openHttpProxy } from '../client/proxies.ts'
import { openHttp, sent, to } from '../client/wire.ts'

async function open(t: TestContext) {
  const proxy = await openHttpProxy(t)
  const egress = { proxy: parseEgressProxy(proxy.url)!, bypass: parseBypass('')!, resolve: 'here' } as const
  const names = fakeNames(['127.0.0.1'], ['127.0.0.1'])
  const sender = createCollectorSender(createRuntime(silentLog), { egress, names })
  t.after(() => sender.close())
  const collector = await openHttp(t, (_, response) => response.end('taken'))
  return { proxy, sender, collector }
}

test('spans go to a collector through the proxy that all else goes through', async (t) => {
  const { proxy, sender, collector } = await open(t)
  const named = collector.replace('127.0.0.1', 'collector.test')
  assert.equal((await sent(sender, to(named))).response, 'taken')
  assert.deepEqual(proxy.asked, [new URL(collector).host])
})

test('a collector on this machine is reached without the proxy', async (t) => {
  const { proxy, sender, collector } = await open(t)
  for (const origin of [collector, collector.replace('127.0.0.1', 'localhost')]) {
    assert.equal((await sent(sender, to(origin))).response, 'taken')
  }
  assert.deepEqual(proxy.asked, [])
})
