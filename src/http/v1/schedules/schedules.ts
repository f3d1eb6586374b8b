import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type AcceptedMessage, loadRoute } from '../../../app/accept-message.ts'
import type { AppDeps } from '../../../app/deps.ts'
import { outlook } from '../../../app/schedules/schedule-outlook.ts'
import {
  createSchedule,
  deleteSchedule,
  expectScheduleForPost,
  listSchedules,
  readSchedule,
  runSchedule,
  type ScheduleAddress,
  updateSchedule,
} from '../../../app/schedules/schedules.ts'
import type { Principal } from '../../../core/tenant/api-key.ts'
import type { Revised } from '../../../store/listing/slice.ts'
import type { ScheduleDetails } from '../../../store/schedules.ts'
import { inPieces } from '../../body/long-listing.ts'
import { type Api, requires } from '../../contract.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { decodeCursor, expectOneStart } from '../../present/cursor.ts'
import { tagged } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { type ListingAsk, pageOf, presentFeed, refOf } from '../../present/listing.ts'
import {
  answers,
  CursorQuery,
  collection,
  DEFAULT_PAGE_SIZE,
  Deleted,
  Id,
  Query,
  refTo,
  SelfLink,
  single,
} from '../../present/schemas.ts'
import { CURSOR, weighMessage } from '../messages/message-form.ts'
import { changeOf, createdOf, fullSchedule, listedAt } from './schedule-form.ts'
import { EXAMPLE_CHANGE, EXAMPLE_SCHEDULE, NewSchedule, Schedule, ScheduleChange } from './schedule-schemas.ts'

const InQueue = Type.Object({ queueId: Id })
const OneSchedule = Type.Object({ queueId: Id, scheduleId: Id })

const schemas = {
  listAll: {
    operationId: 'listAllSchedules',
    summary: 'Get the schedules of all queues, newest first',
    querystring: CursorQuery,
    response: collection('schedules', Schedule),
  },
  list: {
    operationId: 'listSchedules',
    summary: 'Get the schedules of a queue, newest first',
    params: InQueue,
    querystring: CursorQuery,
    response: collection('schedules', Schedule),
  },
  create: {
    operationId: 'createSchedule',
    summary: 'Add a schedule to a queue: a message at each of its due times, exactly one',
    params: InQueue,
    querystring: Query,
    body: NewSchedule,
    example: { request: EXAMPLE_SCHEDULE },
    response: single('schedule', Schedule, SelfLink),
  },
  read: {
    operationId: 'getSchedule',
    summary: 'Get one schedule, with its next due times',
    params: OneSchedule,
    querystring: Query,
    response: single('schedule', Schedule, SelfLink),
  },
  update: {
    operationId: 'updateSchedule',
    summary: 'Change a schedule; due times that are over do not come back',
    params: OneSchedule,
    querystring: Query,
    body: ScheduleChange,
    example: { request: EXAMPLE_CHANGE },
    response: single('schedule', Schedule, SelfLink),
  },
  delete: {
    operationId: 'deleteSchedule',
    summary: 'Delete a schedule with the history of its runs; the messages that it made stay',
    params: OneSchedule,
    querystring: Query,
    response: Deleted,
  },
  run: {
    operationId: 'runSchedule',
    summary: 'Make the message of a schedule now; that counts as no run',
    params: OneSchedule,
    querystring: Query,
    response: answers(Type.Object({ message: refTo('Message'), _links: SelfLink })),
  },
}

const IN_QUEUE = '/queues/:queueId/schedules'
const ONE = '/queues/:queueId/schedules/:scheduleId'

export function scheduleRoutes(api: Api, deps: AppDeps): void {
  const outlookOf = (schedule: ScheduleDetails) => outlook(deps, schedule)

  function present(request: FastifyRequest, reply: FastifyReply, schedule: Revised<ScheduleDetails>) {
    return tagged(request, reply, schedule.revision, bodyOf(request, schedule))
  }

  function bodyOf(request: { base: string }, schedule: ScheduleDetails) {
    const { queueId, id } = schedule
    const _links = selfLink(request, paths.schedule(queueId, id))
    return { schedule: fullSchedule(schedule, outlookOf(schedule)), _links }
  }

  api.get('/schedules', { schema: schemas.listAll, config: requires('schedules', 'read') }, async (request, reply) => {
    const ask = { principal: request.principal, queueId: null, ...rangeOf(request.query) }
    const listing = await api.answerRoom.read(request, reply, () => listSchedules(deps, ask))
    return inPieces(reply, presentFeed(request, request.query, listing, listedAt(paths.allSchedules, outlookOf)))
  })

  api.get(IN_QUEUE, { schema: schemas.list, config: requires('schedules', 'read') }, async (request, reply) => {
    const { queueId } = request.params
    const ask = { principal: request.principal, queueId, ...rangeOf(request.query) }
    const listing = await api.answerRoom.read(request, reply, () => listSchedules(deps, ask))
    return inPieces(reply, presentFeed(request, request.query, listing, listedAt(paths.schedules(queueId), outlookOf)))
  })

  api.route({
    method: 'POST',
    url: IN_QUEUE,
    schema: schemas.create,
    config: { ...requires('schedules', 'write', 'queueId'), weigh: weighMessage, answersWith: 'schedule' },
    preValidation: async (request) => {
      const { organizationId } = request.principal
      await loadRoute(deps, { organizationId, queueId: request.params.queueId })
    },
    handler: async (request, reply) => {
      const { organizationId } = request.principal
      const ask = { organizationId, queueId: request.params.queueId, settings: createdOf(request.body) }
      return answerOnce(
        request,
        reply,
        (answerFor) => createSchedule(deps, ask, answerFor),
        (schedule: ScheduleDetails) => bodyOf(request, schedule),
      )
    },
  })

  api.get(
    ONE,
    { schema: schemas.read, config: requires('schedules', 'read', 'scheduleId', 'queueId') },
    async (request, reply) => present(request, reply, await readSchedule(deps, addressOf(request))),
  )

  api.route({
    method: ['PUT', 'PATCH'],
    url: ONE,
    schema: schemas.update,
    config: { ...requires('schedules', 'write', 'scheduleId', 'queueId'), weigh: weighMessage },
    preValidation: async (request) => void (await readSchedule(deps, addressOf(request))),
    handler: async (request, reply) => {
      const ask = { ...addressOf(request), changes: changeOf(request.body), ifMatch: request.ifMatch }
      return present(request, reply, await updateSchedule(deps, ask))
    },
  })

  api.delete(
    ONE,
    {
      schema: schemas.delete,
      config: requires('schedules', 'write', 'scheduleId', 'queueId'),
      preValidation: async (request) => {
        if (request.principal.frozen) await readSchedule(deps, addressOf(request))
      },
    },
    async (request) => {
      await deleteSchedule(deps, { ...addressOf(request), ifMatch: request.ifMatch })
      const { queueId, scheduleId } = request.params
      return { _links: selfLink(request, paths.schedule(queueId, scheduleId)) }
    },
  )

  api.route({
    method: 'POST',
    url: `${ONE}/run`,
    schema: schemas.run,
    config: { ...requires('schedules', 'write', 'scheduleId', 'queueId'), answersWith: 'message' },
    preValidation: (request) => expectScheduleForPost(deps, addressOf(request)),
    handler: async (request, reply) => {
      const address = addressOf(request)
      const present = (message: AcceptedMessage) => ({
        message: refOf(message),
        _links: selfLink(request, paths.message(address.queueId, message.id)),
      })
      return answerOnce(request, reply, (answerFor) => runSchedule(deps, address, answerFor), present)
    },
  })
}

function addressOf(request: { principal: Principal; params: Static<typeof OneSchedule> }): ScheduleAddress {
  const { queueId, scheduleId: id } = request.params
  return { organizationId: request.principal.organizationId, queueId, id }
}

function rangeOf(query: ListingAsk) {
  expectOneStart(query)
  const { number, size } = pageOf(query) ?? { number: 1, size: DEFAULT_PAGE_SIZE }
  const before = query.cursor === undefined ? null : decodeCursor(query.cursor, CURSOR)[0]!
  return { before, offset: (number - 1) * size, limit: size }
}
