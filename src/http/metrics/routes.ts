import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
import { Type } from 'typebox'
import { CONTENT_TYPE } from './exposition.ts'
import type { Metrics } from './metrics.ts'

const schema = {
  operationId: 'getMetrics',
  summary: 'Get metrics for Prometheus',
  description:
    'Counts since the server started, and how it stands, in the text format of Prometheus; it tells of queues by their ids ' +
    'alone. Needs no key on a server that only its own machine reaches. On any other it wants the root key, or one of the ' +
    'root organization with stats: read, as X-API-KEY or as Authorization: Bearer; else it answers 401 or 403. Not on this ' +
    'port where the server has a port of its own for it.',
  tags: ['server'],
  response: {
    200: {
      description: 'OK',
      content: { 'text/plain': { schema: Type.String({ examples: ['discue_messages_accepted_total 42\n'] }) } },
    },
  },
}

/** For programs that watch the server, and not part of the versioned API. `entrance` judges keys; null: none is wanted. */
export function metricsRoutes(
  app: FastifyInstance,
  metrics: Metrics,
  entrance: onRequestAsyncHookHandler | null,
): void {
  const hooks = entrance === null ? {} : { onRequest: [entrance] }
  app.get('/metrics', { schema, ...hooks }, async (_request, reply) =>
    reply.type(CONTENT_TYPE).send(await metrics.text()),
  )
}
