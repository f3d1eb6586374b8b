import type { EventEmitter } from 'node:events'

/**
 * Resolves when a socket or stream has closed or had an error: `once` of node:events rejects with that one, and a socket
 * that could not be reset, for it was being shut down, has no other event.
 */
export function closeOf(closing: EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['close', 'error']) closing.once(event, () => resolve())
  })
}
