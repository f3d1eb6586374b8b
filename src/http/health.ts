import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

/** Whether this node should get traffic; `reason` is for people, and shows nothing that only the server should know. */
export interface Health {
  ready(): Promise<{ ready: boolean; reason?: string }>
}

const schemas = {
  live: {
    operationId: 'getLiveness',
    summary: 'Whether the server runs',
    tags: ['server'],
    response: { 200: Type.Object({ status: Type.Literal('live') }) },
  },
  ready: {
    operationId: 'getReadiness',
    summary: 'Whether the server should get traffic',
    tags: ['server'],
    response: {
      200: Type.Object({ status: Type.Literal('ready') }),
      503: Type.Object(
        {
          status: Type.Literal('not ready'),
          reason: Type.Optional(Type.String({ examples: ['the server is shutting down'] })),
        },
        { title: 'NotReady' },
      ),
    },
  },
}

/** For supervisors and load balancers: no key, and not part of the versioned API. */
export function healthRoutes(app: FastifyInstance, health: Health): void {
  app.get('/health/live', { schema: schemas.live }, async () => ({ status: 'live' }))
  app.get('/health/ready', { schema: schemas.ready }, async (_request, reply) => {
    const { ready, reason } = await health.ready()
    reply.code(ready ? 200 : 503)
    return ready ? { status: 'ready' } : { status: 'not ready', ...(reason !== undefined && { reason }) }
  })
}
