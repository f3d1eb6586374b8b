import type { Runtime } from '../../runtime.ts'
import type { Accept, AcceptResult } from '../../store/commit/batch.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../store/store.ts'
import { texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { ConnectionLost } from '../errors.ts'

/** A client waits for the answer meanwhile. */
const FIND_OUT_MS = 10_000
const PAUSE_MS = 100

/** Until the backend is gone it may still commit, whatever was read before: each row is one that was there a moment ago. */
const END_BACKEND = `
  select pg_terminate_backend(pid) as ended from pg_stat_activity where pid = $1 and backend_start = $2::timestamptz`
const LOOK = `
  select m.id, m.sequence
    from unnest($1::text[], $2::text[], $3::text[]) u(organization, queue, id)
    join discue.messages m on m.organization_id = any(array[u.organization]) and m.queue_id = u.queue and m.id = u.id`
/** A commit after it: once a synchronous standby has this one, it has all before it. */
const FENCE = `insert into discue.notes (name, value) values ('looked_up', 'yes') on conflict (name) do update set value = 'yes'`

type Accepted = Extract<AcceptResult, { outcome: 'accepted' }>

/** Finds out what became of a commit whose answer was lost with its connection. */
export interface LostCommits {
  /**
   * The results of all of `accepts`, which one transaction was to store; null: it stored nothing, and never will. Throws
   * `OutcomeUnknown` where that cannot be known within ten seconds.
   */
  resultsOf(accepts: readonly Accept[], lost: ConnectionLost): Promise<Accepted[] | null>
}

export function createLostCommits(db: Db, runtime: Pick<Runtime, 'after' | 'elapsedMs'>): LostCommits {
  const pause = () => new Promise<void>((resolve) => void runtime.after(PAUSE_MS, resolve))

  /** Null: nothing was stored, which says nothing yet of what a backend may store that is still there. */
  async function look(accepts: readonly Accept[]): Promise<Accepted[] | null> {
    const messages = accepts.flatMap((accept) => accept.messages.map(({ message }) => message))
    const ids = [
      texts(messages.map(({ organizationId }) => organizationId)),
      texts(messages.map(({ queueId }) => queueId)),
      texts(messages.map(({ id }) => id)),
    ]
    const found = await db.rows<{ id: string; sequence: number }>(LOOK, ids)
    if (found.length === 0) return null
    await db.run(FENCE)
    const sequences = new Map(found.map(({ id, sequence }) => [id, sequence]))
    return accepts.map((accept) => ({ outcome: 'accepted', messages: accept.messages.map(storedAs(sequences)) }))
  }

  async function isGone({ backend }: ConnectionLost): Promise<boolean> {
    return backend !== null && (await db.rows(END_BACKEND, [backend.pid, backend.startedAt])).length === 0
  }

  return {
    async resultsOf(accepts, lost) {
      const until = runtime.elapsedMs() + FIND_OUT_MS
      for (;;) {
        try {
          const gone = await isGone(lost)
          const results = await look(accepts)
          if (results !== null || gone) return results
        } catch (error) {
          if (!(error instanceof StoreUnavailable)) throw error
        }
        if (runtime.elapsedMs() >= until) throw new OutcomeUnknown(lost.message, { cause: lost })
        await pause()
      }
    },
  }
}

/** No lease is told: what this node holds without knowing is free, and a lane claims it. */
function storedAs(sequences: ReadonlyMap<string, number>) {
  return ({ message, deliveries }: Accept['messages'][number]): Accepted['messages'][number] => ({
    sequence: sequences.get(message.id)!,
    leases: deliveries.map(() => null),
    places: null,
  })
}
