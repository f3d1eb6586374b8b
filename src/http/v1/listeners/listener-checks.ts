import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { type ListenerAddress, readListener } from '../../../app/listeners.ts'
import { checkListener } from '../../../app/preflight.ts'
import { type CheckReport, PHASES, VERDICTS } from '../../../core/delivery/preflight.ts'
import type { Principal } from '../../../core/tenant/api-key.ts'
import { type Api, requires } from '../../contract.ts'
import { paths, selfLink } from '../../present/links.ts'
import { answers, Id, Query, SelfLink } from '../../present/schemas.ts'

const Phase = Type.Object({
  name: Type.Enum([...PHASES]),
  verdict: Type.Enum([...VERDICTS], {
    description: 'skipped: one before it failed; not_needed: an address needs no resolving, plain HTTP no TLS',
  }),
  duration: Type.Integer({ description: 'milliseconds' }),
  error: Type.Optional(Type.String({ description: 'why it failed, in the words of attempts', examples: ['tls'] })),
  message: Type.Optional(
    Type.String({
      description: 'the same in words',
      examples: ['a.internal has no address that this server may send to: see DISCUE_TARGETS'],
    }),
  ),
})
const phase = (name: string, duration: number) => ({ name, verdict: 'passed', duration })
const EXAMPLE = {
  passed: true,
  phases: [phase('resolve', 4), phase('target', 0), phase('connect', 11), phase('tls', 23), phase('send', 35)],
  addresses: ['93.184.215.14'],
  status: 200,
  response: 'thanks',
}
const Check = Type.Object(
  {
    passed: Type.Boolean({ description: 'a delivery would be acknowledged' }),
    phases: Type.Array(Phase),
    addresses: Type.Array(Type.String(), { description: 'of the target, those that may be connected to' }),
    status: Type.Optional(Type.Integer({ description: 'of the answer, where there was one' })),
    response: Type.String({ description: 'the first KiB of it; without an answer, what went wrong in words' }),
  },
  { title: 'Check', examples: [EXAMPLE] },
)

const OneListener = Type.Object({ queueId: Id, listenerId: Id })

const schema = {
  operationId: 'checkListener',
  summary: 'Try the way to a listener with a signed test message; nothing is stored',
  params: OneListener,
  querystring: Query,
  response: answers(Type.Object({ check: Check, _links: SelfLink })),
}

export function listenerCheckRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'POST',
    url: '/queues/:queueId/listeners/:listenerId/check',
    schema,
    config: requires('listeners', 'write', 'listenerId', 'queueId'),
    preValidation: async (request) => {
      const mayBeRefused = request.principal.frozen || request.body !== undefined
      if (mayBeRefused) await readListener(deps, addressOf(request))
    },
    handler: async (request) => {
      const { queueId, id, ...rest } = addressOf(request)
      const report = await checkListener(deps, { ...rest, queueId, id })
      return { check: fullCheck(report), _links: selfLink(request, paths.listener(queueId, id)) }
    },
  })
}

function addressOf(request: { principal: Principal; params: Static<typeof OneListener> }): ListenerAddress {
  const { queueId, listenerId: id } = request.params
  return { organizationId: request.principal.organizationId, queueId, id }
}

function fullCheck({ passed, phases, addresses, status, response }: CheckReport): Static<typeof Check> {
  return {
    passed,
    phases: phases.map(({ name, verdict, durationMs, error, message }) => ({
      ...{ name, verdict, duration: durationMs },
      ...(error !== null && { error }),
      ...(message !== undefined && { message }),
    })),
    addresses,
    ...(status !== null && { status }),
    response,
  }
}
