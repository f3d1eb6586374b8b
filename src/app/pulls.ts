import type { Listener } from '../core/delivery/listener.ts'
import type { Message } from '../core/delivery/message.ts'
import { decodeReceipt, encodeReceipt, type LeaseEnd, type Receipt } from '../core/delivery/pull.ts'
import { Problem } from '../core/problem.ts'
import type { PulledDelivery } from '../store/pulls.ts'
import { loadRoute } from './accept-message.ts'
import type { AppDeps, PullRequest } from './deps.ts'
import { expectIds } from './ids.ts'
import { expectUnderstood } from './limits/features.ts'
import type { ListenerAddress } from './listeners.ts'

/** A message as the client that pulled it gets it. */
export interface PulledMessage {
  id: string
  name: string | null
  data: string
  /** These two as in `Message`. */
  mediaType: string | null
  headers: string | null
  receipt: string
  /** From 1. */
  attempt: number
  /** Counts the messages of a listener that has an order; else null. */
  orderNumber: number | null
}

type Deps = Pick<AppDeps, 'directory' | 'store' | 'puller'>

/**
 * Leases messages to the client that pulls. Throws `listener_not_found`, `listener_pushed`, `queue_deleting`, and what
 * `Puller.pull` throws.
 */
export async function pullMessages(
  deps: Deps,
  { max, waitMs, leaseMs, client, room, ...address }: ListenerAddress & Omit<PullRequest, 'listener'>,
): Promise<PulledMessage[]> {
  const listener = await findListener(deps, address)
  if (listener.notifyUrl !== null) throw new Problem('listener_pushed')
  try {
    return (await deps.puller.pull({ listener, max, waitMs, leaseMs, client, room })).map(pulledMessage)
  } catch (error) {
    // What memory knows of the queue may be older than what the store said.
    if (error instanceof Problem && error.code === 'listener_not_found') {
      deps.directory.forget(address.organizationId, address.queueId)
    }
    throw error
  }
}

function pulledMessage({ message, leaseUntil, attempt, orderNumber }: PulledDelivery): PulledMessage {
  const { id, name, data, mediaType, headers } = message
  const receipt = encodeReceipt({ messageId: id, leaseUntil, attempt })
  return { id, name, data, mediaType, headers, receipt, attempt, orderNumber }
}

/**
 * Ends leases; answers with how many those were, and with the receipts of those that no longer held. Throws
 * `listener_not_found`.
 */
export async function settleLeases(
  deps: Deps,
  { receipts, end, ...address }: ListenerAddress & { receipts: readonly string[]; end: LeaseEnd },
): Promise<{ settled: number; lost: string[] }> {
  const listener = await findListener(deps, address)
  return ofEach(receipts, (decoded) => deps.puller.settle({ listener, receipts: decoded, end }))
}

/**
 * Begins leases anew for `leaseMs`; answers with how many those were, and with the receipts of those that no longer held.
 * Throws `listener_not_found`, and `invalid` while a node lives that would not find them.
 */
export async function extendLeases(
  deps: Deps,
  { receipts, leaseMs, ...address }: ListenerAddress & { receipts: readonly string[]; leaseMs: number },
): Promise<{ extended: number; lost: string[] }> {
  const listener = await findListener(deps, address)
  expectUnderstood(deps, [{ feature: 'lease_extension', path: '/lease' }])
  const { settled, lost } = await ofEach(receipts, (decoded) =>
    deps.puller.extend({ listener, receipts: decoded, leaseMs }),
  )
  return { extended: settled, lost }
}

/** Asks for each receipt once. */
async function ofEach(
  receipts: readonly string[],
  ask: (decoded: Receipt[]) => Promise<('settled' | 'lost')[]>,
): Promise<{ settled: number; lost: string[] }> {
  const all = [...new Set(receipts)]
  const outcomes = await ask(all.map(decodeReceipt))
  const lost = all.filter((_, index) => outcomes[index] === 'lost')
  return { settled: all.length - lost.length, lost }
}

/** From memory where that is possible: those who pull ask very often. Throws `listener_not_found`. */
export async function findListener(
  deps: Pick<AppDeps, 'directory' | 'store'>,
  { organizationId, queueId, id }: ListenerAddress,
): Promise<Listener> {
  expectIds([queueId, id], 'listener_not_found')
  const known = deps.directory.peek(organizationId, queueId)?.listeners.find((one) => one.id === id)
  if (known !== undefined) return known
  // Another node may have made it since.
  deps.directory.forget(organizationId, queueId)
  const route = await loadRoute(deps, { organizationId, queueId }).catch((error: unknown) => {
    throw error instanceof Problem && error.code === 'queue_not_found' ? new Problem('listener_not_found') : error
  })
  const found = route.listeners.find((one) => one.id === id)
  if (found === undefined) throw new Problem('listener_not_found')
  return found
}

/** Adds their data and headers to messages that were pulled before; those that were deleted since are left out. */
export async function withData<Entry extends { id: string }>(
  deps: Pick<AppDeps, 'store'>,
  { organizationId, queueId, entries }: { organizationId: string; queueId: string; entries: readonly Entry[] },
): Promise<(Entry & Pick<Message, 'data' | 'mediaType' | 'headers'>)[]> {
  const found = await Promise.all(entries.map(({ id }) => deps.store.messages.get({ organizationId, queueId, id })))
  return entries.flatMap((entry, index) => {
    const details = found[index] ?? null
    if (details === null) return []
    const { data, mediaType, headers } = details.message
    return [{ ...entry, data, mediaType, headers }]
  })
}
