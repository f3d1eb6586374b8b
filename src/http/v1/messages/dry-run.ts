import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { loadRoute, type NewMessage } from '../../../app/accept-message.ts'
import type { AppDeps } from '../../../app/deps.ts'
import { DRY_RUN_REASONS, type DryRun, dryRun } from '../../../app/dry-run.ts'
import type { Api } from '../../contract.ts'
import { Query } from '../../present/schemas.ts'

/** What a post of a message is asked with. */
export const CreateQuery = Type.Object({
  ...Query.properties,
  dry_run: Type.Optional(
    Type.Boolean({
      description:
        'store nothing, and answer with `listeners`: for each its `id`, `name`, `verdict` (`delivers`, `waits`, `left_out` or ' +
        `\`refused\`), the \`reason\` (${DRY_RUN_REASONS.join(', ')}), \`failed\` (what of the filter the message is not, as a JSON pointer) and ` +
        'the `request` of the first attempt (`method`, `url`, `headers` with the signature; values that are write-only are ***), null ' +
        'where none would be sent, and for all but the first hundred; where the data does not fit the schema of the queue also `errors`. ' +
        'It needs the scope to read listeners besides',
    }),
  ),
})

/** Of a listener in the answer, without its request. */
const ENTRY_CHARS = 300

/** Answers a post of a message that is to be tried. Throws what `dryRun` does. */
export async function answerDryRun(
  { api, deps }: { api: Api; deps: AppDeps },
  request: FastifyRequest,
  reply: FastifyReply,
  ask: { queueId: string } & NewMessage,
) {
  const { principal } = request
  const route = await loadRoute(deps, { organizationId: principal.organizationId, queueId: ask.queueId })
  api.answerRoom.expectRoom(request, reply, route.listeners.length * ENTRY_CHARS)
  const answer = presented(await dryRun(deps, { ...ask, principal }))
  // Its form is another than that of an accepted message; that of a problem is not.
  const indent = (request.query as { pretty?: boolean }).pretty === true ? 2 : undefined
  reply.type('application/json; charset=utf-8').serializer((body: unknown) => JSON.stringify(body, null, indent))
  return answer
}

function presented({ listeners, errors }: DryRun) {
  const entries = listeners.map(({ reason, failed, request, ...entry }) => ({
    ...entry,
    ...(reason !== null && { reason }),
    ...(failed !== null && { failed }),
    request,
  }))
  return errors.length === 0 ? { listeners: entries } : { listeners: entries, errors }
}
