import type { Cancel, Runtime } from '../../runtime.ts'
import type { Db } from '../connect/session.ts'
import type { ChangeSubscriber, SubscriberOptions } from './change-subscriber.ts'
import { type Told, toldIn } from './publish.ts'

/** What is changed on one node is to be so on the others within two seconds. */
const EVERY_MS = 1_000
/** Changes are forgotten ten minutes after they were told: a node that has not looked for so long may have missed some. */
const MAX_GAP_MS = 300_000

/**
 * What was told by transactions that began since the oldest one which was under way at the last look. Numbers alone would
 * not do: a transaction may draw one and be seen after others that drew theirs later.
 */
const LOOK = `
  select c.number, c.payload, pg_snapshot_xmin(pg_current_snapshot())::text as "nextXid"
    from (values (1)) one left join discue.changes c on c.xid >= $1::xid8
   order by c.number`
const BEGIN = `select pg_snapshot_xmin(pg_current_snapshot())::text as "nextXid"`

interface Row {
  number: number | null
  payload: string | null
  nextXid: string
}

/** Looks once a second what other processes tell, where no notification comes. `from` is what this process signs with. */
export function createChangePoller(
  db: Db,
  { from, heard }: Omit<SubscriberOptions, 'channel'>,
  runtime: Runtime,
): ChangeSubscriber {
  let cancel: Cancel = () => undefined
  let looking: Promise<void> = Promise.resolve()
  let stopped = false
  let failed = false
  let since = ''
  let lookedAt = 0
  let seen: ReadonlySet<number> = new Set()

  async function begin(): Promise<void> {
    since = (await db.rows<{ nextXid: string }>(BEGIN))[0]!.nextXid
    lookedAt = runtime.elapsedMs()
    seen = new Set()
    // Whatever was told before is missed.
    heard({ kind: 'everything' })
  }

  async function look(): Promise<void> {
    if (failed || runtime.elapsedMs() - lookedAt > MAX_GAP_MS) {
      await begin()
      failed = false
      return
    }
    const rows = await db.rows<Row>(LOOK, [since])
    lookedAt = runtime.elapsedMs()
    since = rows[0]!.nextXid
    const told = rows.filter((row): row is Row & { number: number; payload: string } => row.number !== null)
    for (const { number, payload } of told) if (!seen.has(number)) tell(toldIn(payload))
    // Only what this look has found can be found by the next one once more.
    seen = new Set(told.map(({ number }) => number))
  }

  function tell(told: Told | null): void {
    if (told !== null && told.from !== from) heard(told.change)
  }

  function lookSoon(): void {
    cancel = runtime.after(EVERY_MS, () => {
      looking = look()
        .catch((error: unknown) => {
          if (!failed) runtime.log.warn({ err: error }, 'not told of changes any more: the database could not be read')
          failed = true
          heard({ kind: 'everything' })
        })
        .finally(() => {
          if (!stopped) lookSoon()
        })
    })
  }

  return {
    async start() {
      await begin()
      lookSoon()
    },
    async stop() {
      stopped = true
      cancel()
      await looking
    },
  }
}
