import type { Runtime } from '../../runtime.ts'
import type { Db, Session } from '../connect/session.ts'
import { DatabaseRefused } from '../errors.ts'
import { createChangePoller } from './change-poller.ts'
import { type ChangeSubscriber, createChangeSubscriber, type SubscriberOptions } from './change-subscriber.ts'
import type { Notify } from './publish.ts'

const ECHO_MS = 5_000

interface ChangeSourceOptions extends SubscriberOptions {
  /** Opens a connection that notifications come on; null: there is none, since a pooler is in between. */
  open: (() => Promise<Session>) | null
  /** Whether it leads another way than the statements, and so perhaps to another database. */
  apart: boolean
  db: Db
  notify: Notify
  runtime: Runtime
}

/** Starts to hear what other nodes change: by notifications where they come, else by looking once a second. */
export async function startChangeSource(options: ChangeSourceOptions): Promise<ChangeSubscriber> {
  const { open, apart, from, channel, heard, db, notify, runtime } = options
  const echo = Promise.withResolvers<void>()
  if (open === null) {
    runtime.log.info(
      {},
      'a pooler is in between: changes of other nodes are looked for once a second; DISCUE_DATABASE_LISTEN_URL, which leads past it, tells them at once',
    )
  }
  const source =
    open === null
      ? createChangePoller(db, { from, heard }, runtime)
      : createChangeSubscriber(open, { from, channel, heard, onEcho: echo.resolve }, runtime)
  try {
    await source.start()
    if (open !== null && apart) {
      await notify(db, { kind: 'liveness', state: 'unknown', listenerIds: [] })
      await heardWithin(echo.promise, runtime)
    }
    return source
  } catch (error) {
    await source.stop()
    throw error
  }
}

async function heardWithin(echo: Promise<void>, runtime: Runtime): Promise<void> {
  const late = Promise.withResolvers<never>()
  const refused =
    'what is told in the database of DISCUE_DATABASE_URL is not heard at DISCUE_DATABASE_LISTEN_URL: both must lead to the same one'
  const cancel = runtime.after(ECHO_MS, () => late.reject(new DatabaseRefused(refused)))
  try {
    await Promise.race([echo, late.promise])
  } finally {
    cancel()
  }
}
