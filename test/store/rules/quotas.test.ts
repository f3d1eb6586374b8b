// The counting of messages against the limits of an organization, in core and within PostgreSQL: one table for both.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countAccepted, type MessageLimits, type MessageUsage } from '../../../src/core/telemetry/message-usage.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { readRoutines } from '../../../src/store-postgres/routines.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

interface Asked extends MessageUsage, MessageLimits {
  at: number
  messages: number
}

interface Counted {
  refused: string | null
  usage: MessageUsage
}

const [DAY, DAY_MS] = [20_000, 86_400_000]
const NOON = DAY * DAY_MS + DAY_MS / 2
const ASKED: Asked = { stored: 5, day: DAY, accepted: 3, storedMessages: 10, messagesPerDay: 8, at: NOON, messages: 1 }

/** What is asked beside `ASKED`, and what comes of it. */
const CASES: { what: string; asked: Partial<Asked>; refused: string | null; usage: Partial<MessageUsage> }[] = [
  { what: 'room for one', asked: {}, refused: null, usage: { stored: 6, accepted: 4 } },
  { what: 'room for exactly all', asked: { messages: 5 }, refused: null, usage: { stored: 10, accepted: 8 } },
  { what: 'one too many are stored', asked: { messages: 6 }, refused: 'storedMessages', usage: {} },
  { what: 'one too many a day', asked: { messages: 6, storedMessages: null }, refused: 'messagesPerDay', usage: {} },
  {
    what: 'no limit at all',
    asked: { messages: 99, storedMessages: null, messagesPerDay: null },
    refused: null,
    usage: { stored: 104, accepted: 102 },
  },
  { what: 'a limit of nothing', asked: { storedMessages: 0 }, refused: 'storedMessages', usage: {} },
  {
    what: 'the first of the next day',
    asked: { at: NOON + DAY_MS },
    refused: null,
    usage: { stored: 6, day: DAY + 1, accepted: 1 },
  },
  {
    what: 'the last moment of the day',
    asked: { at: (DAY + 1) * DAY_MS - 1 },
    refused: null,
    usage: { stored: 6, accepted: 4 },
  },
  {
    what: 'one of yesterday that is late',
    asked: { at: NOON - DAY_MS },
    refused: null,
    usage: { stored: 6, accepted: 4 },
  },
  {
    what: 'a clock that was far ahead',
    asked: { at: NOON - 2 * DAY_MS, accepted: 8 },
    refused: null,
    usage: { stored: 6, day: DAY - 2, accepted: 1 },
  },
  {
    what: 'a day that begins with a refusal',
    asked: { at: NOON + DAY_MS, stored: 10 },
    refused: 'storedMessages',
    usage: { stored: 10, day: DAY + 1, accepted: 0 },
  },
]

const database = await testDatabase()
await (await database.open(createRuntime(silentLog))).close()

function inCore({ at, messages, storedMessages, messagesPerDay, ...usage }: Asked): Counted {
  const counted = { ...usage }
  return { refused: countAccepted(counted, { storedMessages, messagesPerDay }, { at, messages }), usage: counted }
}

async function inPostgres(all: readonly Asked[]): Promise<Counted[]> {
  const rows = await database.query<{ refused: string | null; usage: MessageUsage & MessageLimits }>(
    `select c.refused, c.usage
       from jsonb_array_elements($1::jsonb) with ordinality a(asked, n)
      cross join lateral ${readRoutines().name('count_accepted')}(
        a.asked - 'at' - 'messages', (a.asked ->> 'at')::bigint, (a.asked ->> 'messages')::int) c
      order by a.n`,
    [JSON.stringify(all)],
  )
  return rows.map(({ refused, usage: { stored, day, accepted } }) => ({ refused, usage: { stored, day, accepted } }))
}

test('messages are counted as the table says, in core and within PostgreSQL', async () => {
  const asked = CASES.map((it) => ({ ...ASKED, ...it.asked }))
  const inSql = await inPostgres(asked)
  for (const [index, { what, refused, usage }] of CASES.entries()) {
    const { stored, day, accepted } = asked[index]!
    const expected = { refused, usage: { stored, day, accepted, ...usage } }
    assert.deepEqual(inCore(asked[index]!), expected, `in core: ${what}`)
    assert.deepEqual(inSql[index], expected, `within PostgreSQL: ${what}`)
  }
})

test('whatever was counted and is asked, PostgreSQL counts as core does', async () => {
  const limit = fc.option(fc.nat(6), { nil: null })
  const day = fc.integer({ min: DAY - 3, max: DAY + 3 })
  const asked: fc.Arbitrary<Asked> = fc.record({
    ...{ stored: fc.nat(5), accepted: fc.nat(5), day, storedMessages: limit, messagesPerDay: limit },
    at: fc.tuple(day, fc.constantFrom(0, 1, DAY_MS - 1)).map(([of, ms]) => of * DAY_MS + ms),
    messages: fc.integer({ min: 1, max: 4 }),
  })
  const all = fc.sample(asked, { seed: 16, numRuns: 1_000 })
  assert.deepEqual(await inPostgres(all), all.map(inCore))
})
