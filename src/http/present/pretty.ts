import type { FastifyReply } from 'fastify'
import { parseBoolean } from '../body/query.ts'

/** For `pretty`: JSON, indented by two spaces. */
export function indent(reply: FastifyReply): void {
  // Fastify names a type only for what it serializes itself.
  reply.type('application/json; charset=utf-8').serializer((payload: unknown) => JSON.stringify(payload, null, 2))
}

/** Whether a query, parsed or not yet, asks for it; what is not a boolean asks for nothing. */
export function wantsIndent(query: unknown): boolean {
  const { pretty } = (query ?? {}) as { pretty?: unknown }
  return pretty === true || (typeof pretty === 'string' && parseBoolean(pretty) === true)
}
