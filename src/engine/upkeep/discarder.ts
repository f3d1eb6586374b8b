import { idsBetween } from '../../core/id.ts'
import { ANY_MESSAGE } from '../../core/search/message-filter.ts'
import type { Runtime } from '../../runtime.ts'
import type { RunningDiscard } from '../../store/jobs/discards.ts'
import type { Store } from '../../store/store.ts'

/** What one step looks at: a few milliseconds' work, for which writes wait. */
const MESSAGES = 100
const EXAMINED = 500
const EXAMINED_BYTES = 1024 * 1024

type Deps = { store: Pick<Store, 'discards' | 'messages'>; runtime: Pick<Runtime, 'now'>; node: string }

/**
 * Works off discards of many messages, a step of one organization with each tick; the answer is 0 once nothing is left to do
 * for now. Organizations take turns.
 */
export function createDiscarder({ store, runtime, node }: Deps): () => Promise<number> {
  let afterOrganization = ''
  return async () => {
    const now = runtime.now()
    const running = await store.discards.next({ now, afterOrganization, leftovers: MESSAGES })
    afterOrganization = running?.discard.organizationId ?? ''
    if (running === null) return 0
    const { discard, before, leftovers } = running
    const { id, organizationId } = discard
    const found = before === null ? { sequences: leftovers, next: null } : await look(store, discard, { before, now })
    const ended = await store.discards.step({ id, organizationId, before, ...found, node, now })
    // Where another node is at it, this one has nothing to do.
    return ended === null ? 0 : 1
  }
}

/** The next messages that may be meant, the newest first, with where to go on. */
async function look(
  { messages }: Pick<Store, 'messages'>,
  { organizationId, queueId, listenerId, contains, since, until }: RunningDiscard['discard'],
  { before, now }: { before: string; now: number },
): Promise<{ sequences: number[]; next: string | null }> {
  const { from, end } = idsBetween(since, until)
  const part = await messages.search({
    ...{ organizationId, queueId, only: null, filter: { ...ANY_MESSAGE, listenerId, contains } },
    ...{ from, before: before < end ? before : end, now },
    ...{ limit: MESSAGES, examine: EXAMINED, examineBytes: EXAMINED_BYTES },
  })
  return { sequences: part.entries.map(({ message }) => message.sequence), next: part.next }
}
