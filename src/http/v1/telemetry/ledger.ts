import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { type LedgerReading, type QueueLedger, readLedger } from '../../../app/ledger.ts'
import type { Tally } from '../../../core/delivery/ledger.ts'
import { type Api, requires } from '../../contract.ts'
import { paths, selfLink } from '../../present/links.ts'
import { answers, Id, Query, SelfLink, Time } from '../../present/schemas.ts'

const Counts = {
  accepted: Type.Integer({ description: 'the sum of all that follows', examples: [12] }),
  delivered: Type.Integer({ examples: [9] }),
  pending: Type.Integer({ examples: [1] }),
  scheduled: Type.Integer({ examples: [1] }),
  missed: Type.Integer({ examples: [1] }),
  discarded: Type.Object(
    {
      deleted: Type.Integer({ description: 'with their message', examples: [0] }),
      listener_deleted: Type.Integer({ examples: [0] }),
      retention: Type.Integer({ description: 'missed, and removed by retention', examples: [0] }),
      expired: Type.Integer({ description: 'the message expired before it was delivered', examples: [0] }),
    },
    { title: 'DiscardedCounts' },
  ),
  unaccounted: Type.Integer({ description: 'has neither an end nor a next step; must be 0', examples: [0] }),
}

const ListenerLedger = Type.Object(
  {
    id: Id,
    name: Type.String(),
    deleted_at: Type.Optional(Time),
    ...Counts,
  },
  { title: 'ListenerLedger' },
)

const Ledger = Type.Object(
  {
    since: Type.Optional(Time),
    until: Type.Optional(Time),
    ...Counts,
    unaccounted_pairs: Type.Array(Type.Object({ queue_id: Id, message_id: Id, listener_id: Id }), {
      description: 'the first 100',
    }),
    queues: Type.Array(Type.Object({ id: Id, name: Type.String(), ...Counts, listeners: Type.Array(ListenerLedger) })),
  },
  { title: 'Ledger' },
)

const schema = {
  operationId: 'getLedger',
  summary: 'Get the ledger: what was accepted, and what became of it',
  description:
    'Counts deliveries, not messages: one for each message and listener. Computed from what is stored, within what is retained.',
  querystring: Type.Object({
    ...Query.properties,
    since: Type.Optional({ ...Time, minimum: 0, description: 'of messages that were accepted then or later' }),
    until: Type.Optional({ ...Time, minimum: 0, description: 'of messages that were accepted before then' }),
  }),
  response: answers(Type.Object({ ledger: Ledger, _links: SelfLink })),
}

export function ledgerRoutes(api: Api, deps: AppDeps): void {
  api.get('/ledger', { schema, config: requires('stats', 'read') }, async (request) => {
    const { since = null, until = null } = request.query
    const reading = await readLedger(deps, { principal: request.principal, since, until })
    return { ledger: presented(reading, { since, until }), _links: selfLink(request, paths.ledger) }
  })
}

function presented(reading: LedgerReading, { since, until }: { since: number | null; until: number | null }) {
  const ledger: Static<typeof Ledger> = {
    ...(since !== null && { since }),
    ...(until !== null && { until }),
    ...countsOf(reading.tally),
    unaccounted_pairs: reading.unaccounted.map(({ queueId, messageId, listenerId }) => ({
      ...{ queue_id: queueId, message_id: messageId, listener_id: listenerId },
    })),
    queues: reading.queues.map(queueOf),
  }
  return ledger
}

function queueOf({ id, name, tally, listeners }: QueueLedger) {
  return {
    ...{ id, name, ...countsOf(tally) },
    listeners: listeners.map((listener) => ({
      ...{ id: listener.id, name: listener.name },
      ...(listener.deletedAt !== null && { deleted_at: listener.deletedAt }),
      ...countsOf(listener.tally),
    })),
  }
}

function countsOf({ deleted, listenerDeleted, retention, expired, unaccounted, ...rest }: Tally) {
  return { ...rest, discarded: { deleted, listener_deleted: listenerDeleted, retention, expired }, unaccounted }
}
