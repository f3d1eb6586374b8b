import { Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { listRuns } from '../../../app/schedules/schedules.ts'
import type { ScheduleRun } from '../../../store/schedules.ts'
import { type Api, requires } from '../../contract.ts'
import { decodeCursor, encodeCursor, expectOneStart } from '../../present/cursor.ts'
import { paths } from '../../present/links.ts'
import { feedLinks, pageOf } from '../../present/listing.ts'
import { answers, CursorQuery, DEFAULT_PAGE_SIZE, Id, Links } from '../../present/schemas.ts'
import { fullRun } from './schedule-form.ts'
import { Run } from './schedule-schemas.ts'

const CURSOR = /^(\d{1,15})$/

const schema = {
  operationId: 'listScheduleRuns',
  summary: 'Get what became of the due times of a schedule, the latest first',
  params: Type.Object({ queueId: Id, scheduleId: Id }),
  querystring: CursorQuery,
  response: answers(Type.Object({ runs: Type.Array(Run), _links: Links }, { title: 'ScheduleRunList' })),
}

/** Runs are kept as long as messages are. */
export function scheduleRunRoutes(api: Api, deps: AppDeps): void {
  const config = requires('schedules', 'read', 'scheduleId', 'queueId')
  api.get('/queues/:queueId/schedules/:scheduleId/runs', { schema, config }, async (request) => {
    const { query, params } = request
    const { queueId, scheduleId: id } = params
    expectOneStart(query)
    const { number, size } = pageOf(query) ?? { number: 1, size: DEFAULT_PAGE_SIZE }
    const before = query.cursor === undefined ? null : Number(decodeCursor(query.cursor, CURSOR)[0])
    const address = { organizationId: request.principal.organizationId, queueId, id }
    const listing = await listRuns(deps, { ...address, before, offset: (number - 1) * size, limit: size })
    return {
      runs: listing.entries.map(fullRun),
      _links: feedLinks(request, paths.scheduleRuns(queueId, id), query, listing, cursorOf),
    }
  })
}

function cursorOf({ dueAt }: ScheduleRun): string {
  return encodeCursor(dueAt)
}
