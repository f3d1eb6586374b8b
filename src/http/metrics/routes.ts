import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { CONTENT_TYPE } from './exposition.ts'
import type { Metrics } from './metrics.ts'

const schema = {
  operationId: 'getMetrics',
  summary: 'Get figures for Prometheus',
  description:
    'Counts since the server started, and how it stands, in the text format of Prometheus. Needs no key, and tells of ' +
    'queues by their ids alone. Not on this port where the server has a port of its own for it.',
  tags: ['server'],
  response: {
    200: {
      description: 'OK',
      content: { 'text/plain': { schema: Type.String({ examples: ['discue_messages_accepted_total 42\n'] }) } },
    },
  },
}

/** For whoever watches the server: no key, and not part of the versioned API. */
export function metricsRoutes(app: FastifyInstance, metrics: Metrics): void {
  app.get('/metrics', { schema }, async (_request, reply) => reply.type(CONTENT_TYPE).send(await metrics.text()))
}
