import type { Cancel, Runtime } from '../../runtime.ts'
import type { HeardChange } from '../../store/cluster/changes.ts'
import type { Session } from '../connect/session.ts'
import { DatabaseRefused } from '../errors.ts'
import { toldIn } from './publish.ts'

/** A connection that was cut without a word is noticed by asking. */
const PROBE_MS = 2_000
const PROBE = `select 1`
const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2_000

/** Who hears what, and where. */
export interface SubscriberOptions {
  from: string
  channel: string
  heard: (change: HeardChange) => void
}

/** Listens to what other processes tell, on a connection of its own, for as long as it is open. */
export interface ChangeSubscriber {
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * `from` is what this process signs with: `heard` is told of what other processes tell alone, and `onEcho` that something
 * of its own came.
 */
export function createChangeSubscriber(
  open: () => Promise<Session>,
  { from, channel, heard, onEcho }: SubscriberOptions & { onEcho?: () => void },
  runtime: Runtime,
): ChangeSubscriber {
  let session: Session | null = null
  let stopped = false
  let backoffMs = FIRST_BACKOFF_MS
  let cancel: Cancel = () => undefined

  async function connect(): Promise<void> {
    const opened = await open()
    if (stopped) return opened.close()
    if (opened.pooled) {
      await opened.close()
      throw new DatabaseRefused(
        'DISCUE_DATABASE_LISTEN_URL must lead to PostgreSQL itself: through a pooler nothing is heard',
      )
    }
    session = opened
    opened.onNotification((payload) => {
      const told = toldIn(payload)
      if (told === null) runtime.log.warn({ bytes: payload.length }, 'a notification that no node sent was passed over')
      else if (told.from !== from) heard(told.change)
      else onEcho?.()
    })
    opened.onEnd(() => ended(opened))
    await opened.rows(`listen "${channel}"`)
    backoffMs = FIRST_BACKOFF_MS
    // Whatever was told before is missed.
    heard({ kind: 'everything' })
    probe(opened)
  }

  function probe(opened: Session): void {
    cancel = runtime.after(PROBE_MS, () => {
      opened.rows(PROBE).then(
        () => {
          if (session === opened) probe(opened)
        },
        () => ended(opened),
      )
    })
  }

  function ended(opened: Session): void {
    if (session !== opened) return
    session = null
    opened.destroy()
    cancel()
    if (stopped) return
    // From now on changes are missed: what is kept in memory may be trusted no more.
    heard({ kind: 'everything' })
    runtime.log.warn({}, 'not told of changes any more: the connection to the database was lost')
    retry()
  }

  function retry(): void {
    cancel = runtime.after(backoffMs, () => {
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)
      connect().catch(() => {
        heard({ kind: 'everything' })
        if (!stopped && session === null) retry()
      })
    })
  }

  return {
    start: connect,
    async stop() {
      stopped = true
      cancel()
      const last = session
      session = null
      await last?.close()
    },
  }
}
