import type { TestDatabase } from './postgres.ts'

/**
 * How many messages and deliveries the tests of query plans have around them. DISCUE_TEST_PLAN_ROWS=10000000 takes some
 * minutes and 5 GB, and shows the same.
 */
export const PLAN_ROWS = Number(process.env.DISCUE_TEST_PLAN_ROWS ?? 100_000)

/** The id of the queue, listener or message with this number. */
export function idOf(kind: 'q' | 'l' | 'm', number: number): string {
  return kind + String(number).padStart(19, '0')
}

/**
 * A hundred queues with a listener each, of which ten have all the messages. Leases have the numbers of the messages;
 * `node: null` for none.
 */
export async function fillForPlans(
  database: TestDatabase,
  { rows = PLAN_ROWS, node }: { rows?: number; node: string | null },
): Promise<void> {
  const id = (kind: string, number: string) => `'${kind}' || lpad((${number})::text, 19, '0')`
  await database.query(`insert into organizations (id, name, root, status, limits, created_at, updated_at)
    values ('o', 'o', false, 'active', '{}', 1, 1)`)
  await database.query(`insert into queues (organization_id, id, name, paused, version, created_at, updated_at)
    select 'o', ${id('q', 'i')}, i::text, false, 1, 1, 1 from generate_series(0, 99) i`)
  await database.query(`insert into listeners
      (organization_id, id, queue_id, name, notify_url, secret, settings, created_at, updated_at)
    select 'o', ${id('l', 'i')}, ${id('q', 'i')}, i::text, 'http://x', 's', '{}', 1, 1 from generate_series(0, 99) i`)
  await database.query(
    `insert into messages (organization_id, queue_id, id, sequence, data, created_at, deliver_at, audience)
      select 'o', ${id('q', 'i % 10')}, ${id('m', 'i')}, i, 'data', 1, 1, 1 from generate_series(1, $1::bigint) i`,
    [rows],
  )
  await database.query(
    `insert into deliveries
        (organization_id, listener_id, due_at, sequence, attempts, attempts_before, moved, lease_node, lease)
      select 'o', ${id('l', 'i % 10')}, 1, i, 0, 0, false, $2, case when $2::text is not null then i end
        from generate_series(1, $1::bigint) i`,
    [rows, node],
  )
  await database.query(`select setval('message_sequence', $1)`, [rows])
}
