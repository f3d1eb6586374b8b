import type { Runtime } from '../../runtime.ts'
import type { Acceptor } from '../deps.ts'

/** `last_used_at` may lag by a minute; writing it more often would cost every request a write. */
const WRITE_EVERY_MS = 60_000
const REMEMBERED_KEYS = 10_000

/** Notes that a key was used, and has that written at most once a minute for each key. */
export function createKeyUse(deps: { acceptor: Acceptor; runtime: Runtime }): (apiKeyId: string) => void {
  const writtenAt = new Map<string, number>()
  return (apiKeyId) => {
    const now = deps.runtime.now()
    const last = writtenAt.get(apiKeyId)
    if (last !== undefined && Math.abs(now - last) < WRITE_EVERY_MS) return
    // Forgetting all of them costs one early write per key, which is cheaper than keeping an order.
    if (writtenAt.size >= REMEMBERED_KEYS) writtenAt.clear()
    writtenAt.set(apiKeyId, now)
    deps.acceptor.useKey(apiKeyId, now)
  }
}
