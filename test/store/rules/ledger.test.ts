// How a delivery stands by its rows, in core and within PostgreSQL: one table for both.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DeliveryRows, type Standing, standingOf } from '../../../src/core/delivery/ledger.ts'
import { STANDING } from '../../../src/store-postgres/ledger/ledger-rows.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'

const [YES, NO] = [true, false]

/** Pending rows, missed, expired or discarded by a client, delivered, scheduled; and what that makes. */
const CASES: [
  pending: number,
  isMissed: boolean,
  ended: 'expired' | 'discarded' | null,
  isDelivered: boolean,
  isScheduled: boolean,
  stands: Standing,
][] = [
  [0, NO, null, NO, NO, 'nothing'],
  [0, NO, null, NO, YES, 'nothing'],
  [0, NO, null, YES, NO, 'delivered'],
  [0, NO, null, YES, YES, 'delivered'],
  [0, YES, null, NO, NO, 'missed'],
  [0, YES, null, NO, YES, 'missed'],
  [0, YES, null, YES, NO, 'twice'],
  [0, YES, null, YES, YES, 'twice'],
  [1, NO, null, NO, NO, 'pending'],
  [1, NO, null, NO, YES, 'scheduled'],
  // A redelivery of what was delivered.
  [1, NO, null, YES, NO, 'pending'],
  [1, NO, null, YES, YES, 'scheduled'],
  [1, YES, null, NO, NO, 'twice'],
  [1, YES, null, NO, YES, 'twice'],
  [1, YES, null, YES, NO, 'twice'],
  [1, YES, null, YES, YES, 'twice'],
  [2, NO, null, NO, NO, 'twice'],
  [2, NO, null, NO, YES, 'twice'],
  [2, NO, null, YES, NO, 'twice'],
  [2, NO, null, YES, YES, 'twice'],
  [2, YES, null, NO, NO, 'twice'],
  [2, YES, null, NO, YES, 'twice'],
  [2, YES, null, YES, NO, 'twice'],
  [2, YES, null, YES, YES, 'twice'],
  // Whatever else says something, it is two ends.
  [0, NO, 'expired', NO, NO, 'expired'],
  [0, NO, 'expired', NO, YES, 'expired'],
  [0, NO, 'expired', YES, NO, 'twice'],
  [0, YES, 'expired', NO, NO, 'twice'],
  [1, NO, 'expired', NO, NO, 'twice'],
  [1, NO, 'expired', NO, YES, 'twice'],
  [2, NO, 'expired', NO, NO, 'twice'],
  [0, NO, 'discarded', NO, NO, 'deleted'],
  [0, NO, 'discarded', NO, YES, 'deleted'],
  [0, NO, 'discarded', YES, NO, 'twice'],
  [0, YES, 'discarded', NO, NO, 'twice'],
  [1, NO, 'discarded', NO, NO, 'twice'],
  [1, NO, 'discarded', NO, YES, 'twice'],
  [2, NO, 'discarded', NO, NO, 'twice'],
]

const database = await testDatabase()

test('a delivery stands as the table says of its rows, in core and within PostgreSQL', async () => {
  const rows = CASES.map(([pending, isMissed, ended, isDelivered, isScheduled]): DeliveryRows => {
    const ends = { isExpired: ended === 'expired', isDiscarded: ended === 'discarded' }
    return { pending, isMissed, ...ends, isDelivered, isScheduled }
  })
  const expected = CASES.map(([, , , , , stands]) => stands)
  assert.deepEqual(rows.map(standingOf), expected)
  const column = (name: keyof DeliveryRows) => rows.map((row) => row[name])
  const inSql = await database.query<{ standing: Standing }>(
    `select ${STANDING} as standing
       from unnest($1::int[], $2::boolean[], $3::boolean[], $4::boolean[], $5::boolean[], $6::boolean[])
              with ordinality as summed(pendings, is_missed, is_expired, is_discarded, ended, is_scheduled, n)
      order by n`,
    [
      ...[column('pending'), column('isMissed'), column('isExpired'), column('isDiscarded')],
      ...[column('isDelivered'), column('isScheduled')],
    ],
  )
  assert.deepEqual(
    inSql.map(({ standing }) => standing),
    expected,
  )
})
