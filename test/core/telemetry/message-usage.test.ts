import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countAccepted, dayOf, type MessageUsage, startOf } from '../../../src/core/telemetry/message-usage.ts'

const MIDNIGHT = Date.UTC(2026, 0, 2)
const DAY = dayOf(MIDNIGHT)

const unlimited = { storedMessages: null, messagesPerDay: null }
const usage = (what: Partial<MessageUsage> = {}): MessageUsage => ({ stored: 0, day: DAY, accepted: 0, ...what })
const one = (at: number) => ({ at, messages: 1 })

test('a day is one of UTC', () => {
  assert.equal(dayOf(MIDNIGHT - 1), DAY - 1)
  assert.equal(dayOf(MIDNIGHT + 86_399_999), DAY)
  assert.equal(startOf(DAY), MIDNIGHT)
})

test('a message is counted where the limits leave room, and not where they do not', () => {
  const counted = usage()
  assert.equal(countAccepted(counted, { storedMessages: 2, messagesPerDay: 3 }, one(MIDNIGHT)), null)
  assert.equal(countAccepted(counted, { storedMessages: 2, messagesPerDay: 3 }, one(MIDNIGHT)), null)
  assert.equal(countAccepted(counted, { storedMessages: 2, messagesPerDay: 3 }, one(MIDNIGHT)), 'storedMessages')
  assert.deepEqual(counted, usage({ stored: 2, accepted: 2 }))
})

test('messages that come together are counted where there is room for all of them, and else none is', () => {
  const counted = usage({ stored: 1, accepted: 3 })
  const limits = { storedMessages: 6, messagesPerDay: 7 }
  assert.equal(countAccepted(counted, limits, { at: MIDNIGHT, messages: 6 }), 'storedMessages')
  assert.equal(countAccepted(counted, limits, { at: MIDNIGHT, messages: 5 }), 'messagesPerDay')
  assert.deepEqual(counted, usage({ stored: 1, accepted: 3 }))
  assert.equal(countAccepted(counted, limits, { at: MIDNIGHT, messages: 4 }), null)
  assert.deepEqual(counted, usage({ stored: 5, accepted: 7 }))
})

test('a limit of nothing takes nothing', () => {
  assert.equal(countAccepted(usage(), { ...unlimited, messagesPerDay: 0 }, one(MIDNIGHT)), 'messagesPerDay')
  assert.equal(countAccepted(usage(), { ...unlimited, storedMessages: 0 }, one(MIDNIGHT)), 'storedMessages')
})

test('what was deleted still counts for the day, and the next day begins at midnight', () => {
  const counted = usage({ stored: 0, accepted: 5 })
  const limits = { ...unlimited, messagesPerDay: 5 }
  assert.equal(countAccepted(counted, limits, one(MIDNIGHT + 86_399_999)), 'messagesPerDay')
  assert.equal(countAccepted(counted, limits, one(MIDNIGHT + 86_400_000)), null)
  assert.deepEqual(counted, { stored: 1, day: DAY + 1, accepted: 1 })
})

test('messages of yesterday that come late do not begin the count anew', () => {
  const counted = usage({ accepted: 4 })
  const limits = { ...unlimited, messagesPerDay: 5 }
  assert.equal(countAccepted(counted, limits, one(MIDNIGHT - 1)), null)
  assert.equal(countAccepted(counted, limits, one(MIDNIGHT)), 'messagesPerDay')
})

test('a clock that was far ahead does not hold anybody to the day that it believed in', () => {
  const counted = usage({ day: DAY + 365, accepted: 5 })
  assert.equal(countAccepted(counted, { ...unlimited, messagesPerDay: 5 }, one(MIDNIGHT)), null)
  assert.equal(counted.day, DAY)
})
