import type { DatabaseSync } from 'node:sqlite'
import { createFigures, FigureChanges } from './figures.ts'
import type { BeginAnew } from './fresh-runs.ts'
import type { createRedeliveryMatching, RedeliverySearch } from './redelivery-matching.ts'

const OLDEST = `
  select id, queue_id as queueId, listener_id as listenerId, since, until, status, last_sequence as lastSequence, after,
         matched
    from redeliveries where ended_at is null order by id limit 1`

const LISTENER_EXISTS = `select 1 from listeners where id = ?`

const ADVANCE = `update redeliveries set after = ?, matched = matched + ?, ended_at = ? where id = ?`

type Running = RedeliverySearch & { id: string }

/** Makes the step of a redelivery, within a transaction. Its progress is stored with what it did. */
export function createRedeliverySteps(
  db: DatabaseSync,
  { look, beginAnew }: { look: ReturnType<typeof createRedeliveryMatching>; beginAnew: BeginAnew },
) {
  const [oldest, listenerExists, advance] = [db.prepare(OLDEST), db.prepare(LISTENER_EXISTS), db.prepare(ADVANCE)]
  const figures = createFigures(db)

  return ({ limit, now }: { limit: number; now: number }): { looked: number; listenerIds: string[] } => {
    const running = oldest.get() as unknown as Running | undefined
    if (running === undefined) return { looked: 0, listenerIds: [] }
    const { id, listenerId } = running
    const exists = listenerExists.get(listenerId) !== undefined
    const { looked, matching, after } = exists ? look(running, limit) : { looked: 0, matching: [], after: null }
    const changes = new FigureChanges()
    for (const message of matching) beginAnew({ message, listenerId }, { now, changes })
    for (const [changedId, change] of changes.entries()) figures.add(changedId, change)
    advance.run(after ?? running.after, matching.length, after === null ? now : null, id)
    return { looked: looked + 1, listenerIds: matching.length > 0 ? [listenerId] : [] }
  }
}
