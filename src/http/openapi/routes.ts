import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { RouteList } from './described.ts'

const schema = {
  operationId: 'getOpenApi',
  summary: 'Get this description',
  tags: ['server'],
  response: {
    200: Type.Object({}, { additionalProperties: true, examples: [{ openapi: '3.1.1' }] }),
  },
}

/** The description of everything that `routes` has collected, made when it is first asked for. */
export function openApiRoutes(app: FastifyInstance, routes: RouteList, publicUrl: string | null): void {
  // As bytes, which all answers share: a client that does not read its answers would have a copy of the text for each.
  let text: Buffer | undefined
  app.get('/openapi.json', { schema }, async (_request, reply) => {
    const { describe } = await import('./document.ts')
    text ??= Buffer.from(JSON.stringify(describe(routes.described(), publicUrl?.replace(/\/+$/, '') ?? '/').document))
    return reply.type('application/json; charset=utf-8').send(text)
  })
}
