import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { DeliverySummary } from '../../../src/core/delivery/delivery-summary.ts'
import { contentTypeOf, type Message, statusOf } from '../../../src/core/delivery/message.ts'

// Every run tries the same texts and numbers, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

const NOW = 1_700_000_000_000

function message(what: Partial<Message> = {}): Message {
  const times = { createdAt: NOW - 1_000, deliverAt: NOW - 1_000, expiresAt: null, headers: null, mediaType: null }
  return { id: 'm', organizationId: 'o', queueId: 'q', name: null, key: null, data: '', sequence: 1, ...times, ...what }
}

function summary(status: DeliverySummary['status'], attempts = 1): DeliverySummary {
  return { listenerId: 'l', status, attempts, lastAttemptAt: null, nextAttemptAt: null }
}

const pending = summary('pending', 0)
const retried = summary('pending', 2)
const delivered = summary('delivered')
const missed = summary('missed', 16)
const discarded = summary('discarded')

describe('the status of a message', () => {
  const cases: [string, DeliverySummary[], string][] = [
    ['that was for no listener is unrouted', [], 'unrouted'],
    ['that all have acknowledged is delivered', [delivered, delivered], 'delivered'],
    ['that one has missed is missed', [delivered, missed], 'missed'],
    ['that one still waits for is pending', [delivered, pending], 'pending'],
    ['that is pending with one and missed by another is pending', [missed, retried, delivered], 'pending'],
    ['of which all listeners were deleted before they had it is discarded', [discarded, discarded], 'discarded'],
    ['of which one listener was deleted before it had it is discarded', [delivered, discarded], 'discarded'],
    ['that one has missed and another can get no more is missed', [discarded, missed], 'missed'],
    ['that one still waits for and another can get no more is pending', [discarded, pending], 'pending'],
  ]
  for (const [what, deliveries, status] of cases) {
    test(what, () => assert.equal(statusOf(message(), deliveries, NOW), status))
  }

  const later = message({ deliverAt: NOW + 1 })
  test('that is to be delivered later is scheduled', () => {
    assert.equal(statusOf(later, [pending, pending], NOW), 'scheduled')
    assert.equal(statusOf(later, [discarded, pending], NOW), 'scheduled')
  })

  test('that is to be delivered later is unrouted or discarded at once where no listener will get it', () => {
    assert.equal(statusOf(later, [], NOW), 'unrouted')
    assert.equal(statusOf(later, [discarded], NOW), 'discarded')
  })

  test('is no longer scheduled at the very moment it is due', () => {
    assert.equal(statusOf(message({ deliverAt: NOW }), [pending], NOW), 'pending')
  })

  test('that was started is not scheduled, even where the clock has gone back since', () => {
    assert.equal(statusOf(later, [retried], NOW), 'pending')
    assert.equal(statusOf(later, [delivered], NOW), 'delivered')
  })
})

describe('the content type of data', () => {
  for (const data of ['{}', '[1]', '"text"', '0', '-1.5e3', 'true', 'false', 'null', ' \n{"a":1}\t', '{"a":"🙂"}']) {
    test(`${JSON.stringify(data)} is JSON`, () => assert.equal(contentTypeOf(data), 'application/json'))
  }

  for (const data of [
    '',
    ' ',
    'hello',
    'nul',
    '{a:1}',
    "{'a':1}",
    '01',
    '+1',
    'NaN',
    '{} {}',
    '\uFEFF{}',
    '\u00A0{}',
  ]) {
    test(`${JSON.stringify(data)} is text`, () => assert.equal(contentTypeOf(data), 'text/plain; charset=utf-8'))
  }

  test('is JSON exactly where JSON.parse agrees, for arbitrary text', () => {
    const nearJson = fc
      .tuple(fc.string({ maxLength: 2 }), fc.json(), fc.string({ maxLength: 2 }))
      .map((t) => t.join(''))
    const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json(), nearJson)
    fc.assert(
      fc.property(texts, (data) => {
        assert.equal(contentTypeOf(data) === 'application/json', parses(data))
      }),
      { numRuns: 1_000 },
    )
  })
})

function parses(data: string): boolean {
  try {
    JSON.parse(data)
    return true
  } catch {
    return false
  }
}
