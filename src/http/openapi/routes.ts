import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { createBase } from '../pipeline/base.ts'
import type { RouteList } from './described.ts'

const schema = {
  operationId: 'getOpenApi',
  summary: 'Get this description',
  description: 'In OpenAPI 3.1. Its `servers` has the public address, else the one that it was asked for at.',
  tags: ['server'],
  response: {
    200: Type.Object({}, { additionalProperties: true, examples: [{ openapi: '3.1.1' }] }),
  },
}

/** Descriptions that are kept; a server has a few addresses, and a stranger may make up any number of them. */
const KEPT = 8
/** Where the description was asked for, by the rules of relative addresses. */
const HERE = '/'

/** The description of everything that `routes` has collected, made when it is first asked for at an address. */
export function openApiRoutes(app: FastifyInstance, routes: RouteList, publicUrl: string | null): void {
  const addressOf = createBase(publicUrl, '')
  // As bytes, which all answers share: a client that does not read its answers would have a copy of the text for each.
  const texts = new Map<string, Buffer>()
  app.get('/openapi.json', { schema }, async (request, reply) => {
    const { describe } = await import('./document.ts')
    const asked = addressOf(request)
    const address = texts.has(asked) || texts.size < KEPT ? asked : HERE
    const text = texts.get(address) ?? Buffer.from(JSON.stringify(describe(routes.described(), address).document))
    texts.set(address, text)
    return reply.type('application/json; charset=utf-8').send(text)
  })
}
