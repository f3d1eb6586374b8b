// How a delivery stands by its rows, in core and within PostgreSQL: one table for both.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DeliveryRows, type Standing, standingOf } from '../../../src/core/delivery/ledger.ts'
import { STANDING } from '../../../src/store-postgres/ledger/ledger-rows.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'

const [YES, NO] = [true, false]

/** Pending rows, missed, expired, delivered, scheduled; and what that makes. */
const CASES: [
  pending: number,
  isMissed: boolean,
  isExpired: boolean,
  isDelivered: boolean,
  isScheduled: boolean,
  stands: Standing,
][] = [
  [0, NO, NO, NO, NO, 'nothing'],
  [0, NO, NO, NO, YES, 'nothing'],
  [0, NO, NO, YES, NO, 'delivered'],
  [0, NO, NO, YES, YES, 'delivered'],
  [0, YES, NO, NO, NO, 'missed'],
  [0, YES, NO, NO, YES, 'missed'],
  [0, YES, NO, YES, NO, 'twice'],
  [0, YES, NO, YES, YES, 'twice'],
  [1, NO, NO, NO, NO, 'pending'],
  [1, NO, NO, NO, YES, 'scheduled'],
  // A redelivery of what was delivered.
  [1, NO, NO, YES, NO, 'pending'],
  [1, NO, NO, YES, YES, 'scheduled'],
  [1, YES, NO, NO, NO, 'twice'],
  [1, YES, NO, NO, YES, 'twice'],
  [1, YES, NO, YES, NO, 'twice'],
  [1, YES, NO, YES, YES, 'twice'],
  [2, NO, NO, NO, NO, 'twice'],
  [2, NO, NO, NO, YES, 'twice'],
  [2, NO, NO, YES, NO, 'twice'],
  [2, NO, NO, YES, YES, 'twice'],
  [2, YES, NO, NO, NO, 'twice'],
  [2, YES, NO, NO, YES, 'twice'],
  [2, YES, NO, YES, NO, 'twice'],
  [2, YES, NO, YES, YES, 'twice'],
  // Whatever else says something, it is two ends.
  [0, NO, YES, NO, NO, 'expired'],
  [0, NO, YES, NO, YES, 'expired'],
  [0, NO, YES, YES, NO, 'twice'],
  [0, YES, YES, NO, NO, 'twice'],
  [1, NO, YES, NO, NO, 'twice'],
  [1, NO, YES, NO, YES, 'twice'],
  [2, NO, YES, NO, NO, 'twice'],
]

const database = await testDatabase()

test('a delivery stands as the table says of its rows, in core and within PostgreSQL', async () => {
  const rows = CASES.map(([pending, isMissed, isExpired, isDelivered, isScheduled]): DeliveryRows => {
    return { pending, isMissed, isExpired, isDelivered, isScheduled }
  })
  const expected = CASES.map(([, , , , , stands]) => stands)
  assert.deepEqual(rows.map(standingOf), expected)
  const column = (name: keyof DeliveryRows) => rows.map((row) => row[name])
  const inSql = await database.query<{ standing: Standing }>(
    `select ${STANDING} as standing
       from unnest($1::int[], $2::boolean[], $3::boolean[], $4::boolean[], $5::boolean[]) with ordinality
              as summed(pendings, is_missed, is_expired, ended, is_scheduled, n)
      order by n`,
    [column('pending'), column('isMissed'), column('isExpired'), column('isDelivered'), column('isScheduled')],
  )
  assert.deepEqual(
    inSql.map(({ standing }) => standing),
    expected,
  )
})
