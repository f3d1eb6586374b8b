import type { FastifyInstance } from 'fastify'
import type { TypeBoxProvider } from '../contract.ts'
import type { ApiDeps } from '../deps.ts'
import { createBase } from '../pipeline/base.ts'
import { createErrorHandler } from '../present/problems.ts'
import { apiKeyRoutes } from './api-keys.ts'
import { respoken } from './dialect.ts'
import { domainRoutes } from './domains.ts'
import { listenerRoutes } from './listeners.ts'
import { queueRoutes } from './queues.ts'

export const VERSION_TWO = '/v2'

/**
 * What the Terraform provider of this API uses: keys, queues, listeners and domains, in its words, over the same use cases
 * as version 1.
 */
export function versionTwo(scope: FastifyInstance, deps: ApiDeps): void {
  const api = scope.withTypeProvider<TypeBoxProvider>()
  const baseOf = createBase(deps.publicUrl, VERSION_TWO)
  const handleError = createErrorHandler(deps.runtime.log)
  api.setErrorHandler((error, request, reply) => handleError(respoken(error, request.body), request, reply))
  api.addHook('preValidation', (request, _reply, done) => {
    request.base = baseOf(request)
    done()
  })
  apiKeyRoutes(api, deps)
  queueRoutes(api, deps)
  listenerRoutes(api, deps)
  domainRoutes(api, deps)
}
