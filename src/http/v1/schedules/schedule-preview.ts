import { Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { previewSchedule } from '../../../app/schedules/schedule-outlook.ts'
import { type Api, requires } from '../../contract.ts'
import { paths, selfLink } from '../../present/links.ts'
import { answers, Query, SelfLink, Time } from '../../present/schemas.ts'
import { timetableOf } from './schedule-form.ts'
import { EXAMPLE_WHEN, When } from './schedule-schemas.ts'

const schema = {
  operationId: 'previewSchedule',
  summary: 'Say in words when a schedule would be due, and its next ten due times; nothing is stored',
  tags: ['schedules'],
  querystring: Query,
  body: When,
  example: { request: EXAMPLE_WHEN },
  response: answers(
    Type.Object({
      words: Type.String({
        description: 'when it would be due, in English',
        examples: ['At 09:00 on Monday to Friday'],
      }),
      next_runs: Type.Array(Time, { description: 'the next ten due times; fewer where it ends' }),
      _links: SelfLink,
    }),
  ),
}

/** A key that may read schedules may ask, also of a frozen organization: nothing is written. */
export function schedulePreviewRoutes(api: Api, deps: AppDeps): void {
  const config = requires('schedules', 'read')
  api.post('/schedules/preview', { schema, config }, (request) => {
    const { words, nextRuns } = previewSchedule(deps, timetableOf(request.body))
    return Promise.resolve({ words, next_runs: nextRuns, _links: selfLink(request, paths.schedulePreview) })
  })
}
