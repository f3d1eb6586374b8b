import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idsOf, openOffice } from './office.ts'

test('a listener is sent no more than its rate limit allows, in order, and all of it in the end', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue, { rateLimit: { requests: 50, perMs: 1_000 } })
  office.sender.reply = () => 200
  const start = office.runtime.now()
  const messages = await office.postMany(queue, 500)
  await office.runtime.advance(12_000)
  assert.deepEqual(idsOf(office.sender.sent), idsOf(messages))
  for (let second = 0; second < 10; second++) {
    const from = start + second * 1_000
    const count = office.sender.sent.filter(({ at }) => at >= from && at < from + 1_000).length
    assert.ok(count <= 55 && count >= 40, `${count} in second ${second}`)
  }
})

test('retries count as well', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const retry = { maxAttempts: 100, initialDelayMs: 10, maxDelayMs: 10, multiplier: 1 }
  await office.addListener(queue, { retry, rateLimit: { requests: 2, perMs: 1_000 } })
  office.sender.reply = ({ attempt }) => (attempt <= 9 ? 500 : 200)
  await office.postMany(queue, 2)
  await office.runtime.advance(5_000)
  assert.ok(office.sender.sent.length <= 11, `${office.sender.sent.length} in 5 s`)
})

test('a limit is set, changed and removed while messages wait', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { rateLimit: { requests: 1, perMs: 3_600_000 } })
  office.sender.reply = () => 200
  await office.postMany(queue, 100)
  await office.runtime.advance(1_000)
  assert.equal(office.sender.sent.length, 1)
  await office.change(listener, { settings: { rateLimit: { requests: 20, perMs: 1_000 } } })
  await office.runtime.advance(1_000)
  const { length } = office.sender.sent
  assert.ok(length >= 18 && length <= 24, `${length}`)
  await office.change(listener, { settings: { rateLimit: null } })
  await office.runtime.rest()
  assert.equal(office.sender.sent.length, 100)
})

test('a lane that has sent what it may is not forgotten with what it knows of that', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue, { rateLimit: { requests: 1, perMs: 86_400_000 } })
  office.sender.reply = () => 200
  for (let hour = 0; hour < 12; hour++) {
    await office.post(queue)
    await office.runtime.advance(3_600_000)
    await office.dispatcher.sweep()
  }
  assert.equal(office.sender.sent.length, 1)
})

test('a rate limit of one listener delays no other', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue, { rateLimit: { requests: 1, perMs: 60_000 } })
  const free = await office.addListener(queue)
  office.sender.reply = () => 200
  await office.postMany(queue, 200)
  await office.runtime.rest()
  assert.equal(office.sender.sent.filter(({ url }) => url === free.notifyUrl).length, 200)
})
