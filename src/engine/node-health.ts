import type { Log } from '../runtime.ts'
import { type Store, StoreUnavailable } from '../store/store.ts'

interface Readiness {
  ready: boolean
  /** For strangers, who may ask without a key. */
  reason?: string
}

/** Whether this node should get traffic. */
export interface NodeHealth {
  /** From now on it is not ready. */
  stopping(): void
  ready(): Promise<Readiness>
}

/**
 * Ready while the store can be written, what is due can be read from it, and the server was not asked to stop.
 * `reasonAgainst` says what else speaks against it. What the answer leaves out, such as the address of a database, is logged once for
 * each time that the store goes away.
 */
export function createNodeHealth(deps: {
  store: Pick<Store, 'ping' | 'shared'>
  reasonAgainst: () => string | null
  log: Pick<Log, 'warn'>
}): NodeHealth {
  const { store, reasonAgainst, log } = deps
  let isStopping = false
  let isAway = false

  async function ready(): Promise<Readiness> {
    if (isStopping) return { ready: false, reason: 'the server is shutting down' }
    try {
      await store.ping()
    } catch (err) {
      if (!isAway) log.warn({ err }, 'not ready: the store cannot be written')
      isAway = true
      return { ready: false, reason: `the store cannot be written${causeOf(err, store)}` }
    }
    isAway = false
    const reason = reasonAgainst()
    return reason === null ? { ready: true } : { ready: false, reason }
  }

  return {
    stopping() {
      isStopping = true
    },
    ready,
  }
}

/**
 * What a stranger may know of a remote database that is away, such as `PostgreSQL cannot be reached`: what follows the first
 * colon may hold addresses and names of users. Of a local file nothing is told.
 */
function causeOf(error: unknown, { shared }: Pick<Store, 'shared'>): string {
  return shared && error instanceof StoreUnavailable ? `: ${error.message.split(':')[0]}` : ''
}
