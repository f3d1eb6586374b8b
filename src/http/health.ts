import type { FastifyInstance } from 'fastify'

/** Whether this node should get traffic; `reason` is for people, and shows nothing that only the server should know. */
export interface Health {
  ready(): Promise<{ ready: boolean; reason?: string }>
}

/** For supervisors and load balancers: no key, and not part of the versioned API. */
export function healthRoutes(app: FastifyInstance, health: Health): void {
  app.get('/health/live', async () => ({ status: 'live' }))
  app.get('/health/ready', async (_request, reply) => {
    const { ready, reason } = await health.ready()
    reply.code(ready ? 200 : 503)
    return ready ? { status: 'ready' } : { status: 'not ready', ...(reason !== undefined && { reason }) }
  })
}
