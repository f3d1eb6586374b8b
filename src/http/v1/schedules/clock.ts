import { Type } from 'typebox'
import { advanceClock, MAX_JUMP_MS } from '../../../app/clock.ts'
import type { AppDeps } from '../../../app/deps.ts'
import { type Api, requiresRoot } from '../../contract.ts'
import { paths, selfLink } from '../../present/links.ts'
import { answers, Query, SelfLink, strict, Time } from '../../present/schemas.ts'

const Jump = strict({
  ms: Type.Integer({
    minimum: 0,
    maximum: MAX_JUMP_MS,
    description: 'how far to go, in milliseconds',
    examples: [60_000],
  }),
})

const schema = {
  operationId: 'advanceClock',
  summary: 'Move the clock of a server that runs with DISCUE_CLOCK=manual; everything that is due on the way happens',
  tags: ['server'],
  querystring: Query,
  body: Jump,
  response: answers(Type.Object({ clock: Type.Object({ now: Time }), _links: SelfLink })),
}

export function clockRoutes(api: Api, deps: AppDeps): void {
  const config = {
    ...requiresRoot('api_clients', 'write'),
    switchedOff: deps.clock === null ? ('clock_not_manual' as const) : null,
  }
  api.post('/clock/advance', { schema, config }, async (request) => {
    const now = await advanceClock(deps, request.body.ms)
    return { clock: { now }, _links: selfLink(request, paths.clockAdvance) }
  })
}
