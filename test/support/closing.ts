import type { EventEmitter } from 'node:events'

/** Resolves when a socket or stream has closed, after an error as well; `once` of node:events rejects with that one. */
export function closeOf(closing: EventEmitter): Promise<void> {
  return new Promise((resolve) => void closing.once('close', () => resolve()))
}
