import { judgeDuplicates } from '../judge/duplicates.ts'
import { evidenceOf } from '../judge/evidence.ts'
import type { CampaignRecord, EndState, LedgerCounts, StoredAttempt, StoredMessage } from '../record/record.ts'
import { tokenOf } from './receivers.ts'
import { expectDone, type World } from './setup.ts'
import type { Transport } from './transport.ts'

/** The counts of a ledger as the API answers it, or `discue verify --json`. */
export function countsIn(ledger: Record<string, unknown>): LedgerCounts {
  const { accepted, delivered, pending, scheduled, missed, unaccounted, discarded, ...reasons } = ledger
  // The API has the reasons of what was discarded in one object, `discue verify` beside the rest.
  const counts = Object.values(discarded ?? reasons).filter((count) => typeof count === 'number')
  return {
    ...{ accepted: Number(accepted), delivered: Number(delivered), pending: Number(pending) },
    ...{ scheduled: Number(scheduled), missed: Number(missed), unaccounted: Number(unaccounted) },
    discarded: counts.reduce((sum, count) => sum + count, 0),
  }
}

export async function readLedger(transport: Transport): Promise<LedgerCounts> {
  const { ledger } = await expectDone(transport, { method: 'GET', path: '/ledger' })
  return countsIn(ledger)
}

/** Everything that the servers say is there. */
export async function readEndState(
  transport: Transport,
  world: World,
  record: CampaignRecord,
): Promise<Omit<EndState, 'verification'>> {
  const messages: StoredMessage[] = []
  for (const [name, id] of world.queueIds) messages.push(...(await readMessages(transport, name, id)))
  const runs: EndState['runs'] = {}
  for (const { id, queue } of record.schedules) {
    runs[id] = await readRuns(transport, world.queueIds.get(queue)!, id)
  }
  const suspects = judgeDuplicates(evidenceOf(record)).violations.map(({ messageId }) => messageId!)
  const queueOf = new Map(messages.map(({ id, queue }) => [id, world.queueIds.get(queue)!]))
  const attempts: EndState['attempts'] = {}
  for (const id of suspects) if (queueOf.has(id)) attempts[id] = await readAttempts(transport, queueOf.get(id)!, id)
  return { messages, ledger: await readLedger(transport), runs, attempts }
}

interface FullAttempt {
  listener_id: string
  number: number
  duration: number
  error?: string
}

async function readAttempts(transport: Transport, queueId: string, id: string): Promise<StoredAttempt[]> {
  const path = `/queues/${queueId}/messages/${id}/attempts?per_page=100`
  const { attempts } = await expectDone(transport, { method: 'GET', path })
  return (attempts as FullAttempt[]).map(({ listener_id: listenerId, number, duration: durationMs, error = null }) => {
    return { listenerId, number, durationMs, error }
  })
}

interface FullMessage {
  id: string
  data: string
  deliveries: { listener_id: string; status: string }[]
}

async function readMessages(transport: Transport, queue: string, queueId: string): Promise<StoredMessage[]> {
  const found: StoredMessage[] = []
  for (let path: string | null = `/queues/${queueId}/messages?_embed=true&per_page=100`; path !== null; ) {
    const body = await expectDone(transport, { method: 'GET', path })
    for (const { id, data, deliveries } of body._embedded.messages as FullMessage[]) {
      const statuses = deliveries.map(({ listener_id: listenerId, status }) => ({ listenerId, status }))
      found.push({ id, token: tokenOf(data), queue, deliveries: statuses })
    }
    path = nextOf(body)
  }
  return found
}

async function readRuns(transport: Transport, queueId: string, scheduleId: string): Promise<EndState['runs'][string]> {
  const found: EndState['runs'][string] = []
  for (let path: string | null = `/queues/${queueId}/schedules/${scheduleId}/runs?per_page=100`; path !== null; ) {
    const body = await expectDone(transport, { method: 'GET', path })
    // What was passed over stands there as well, in one entry for each gap, and made no message.
    const runs = (body.runs as { due_at: number; message_id: string | null }[]).filter((run) => run.message_id !== null)
    for (const { due_at: dueAt, message_id: messageId } of runs) found.push({ dueAt, messageId })
    path = nextOf(body)
  }
  return found
}

function nextOf(body: { _links: { next?: { href: string } } }): string | null {
  const next = body._links.next?.href
  if (next === undefined) return null
  const { pathname, search } = new URL(next)
  return `${pathname.replace(/^\/v1/, '')}${search}`
}
