import { Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { readSchema } from '../../../app/queues.ts'
import { type Api, requires } from '../../contract.ts'
import { taggedAs } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { Id, Query, SelfLink, single } from '../../present/schemas.ts'
import { QueueSchema } from './queue-form.ts'

const SchemaId = Type.String({
  description: 'the SHA-256, in hexadecimal, of the schema in canonical JSON (RFC 8785)',
  examples: ['4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945'],
})

const schema = {
  operationId: 'getSchema',
  summary: "Get a queue's schema",
  params: Type.Object({ queueId: Id, schemaId: SchemaId }),
  querystring: Query,
  response: single('schema', QueueSchema, SelfLink),
}

export function schemaRoutes(api: Api, deps: AppDeps): void {
  const config = requires('schemas', 'read', 'schemaId', 'queueId')
  api.get('/queues/:queueId/schemas/:schemaId', { schema, config }, async (request, reply) => {
    const { queueId: id, schemaId } = request.params
    const rules = await readSchema(deps, { organizationId: request.principal.organizationId, id, schemaId })
    const body = { schema: rules, _links: selfLink(request, paths.schema(id, schemaId)) }
    return taggedAs(request, reply, schemaId, body)
  })
}
