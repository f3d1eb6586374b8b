import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { type AcceptedMessage, acceptMessageTo } from '../../app/accept-message.ts'
import type { Rate } from '../../app/limits/rate-limiter.ts'
import type { Principal } from '../../core/tenant/api-key.ts'
import { accepts, isJsonType } from '../body/media.ts'
import type { Handovers } from '../connection/handover.ts'
import { expectHeadWithinLimit } from '../connection/http2-limits.ts'
import type { ApiDeps } from '../deps.ts'
import type { Admission } from '../pipeline/admission.ts'
import { API_FIELDS } from '../pipeline/api-fields.ts'
import { createRequestIds } from '../pipeline/request-id.ts'
import { rateHeaders } from '../present/rate-headers.ts'
import { presentAccepted } from '../v1/messages/message-form.ts'
import { CREATE_MESSAGE, IN_QUEUE } from '../v1/messages/messages.ts'
import { readPlainMessage } from './body.ts'
import { type PlainHead, readPlainHead } from './head.ts'

/** The pattern that the route of such posts has, for those who count them. */
export const ROUTE = `/v1${IN_QUEUE}`
const FIXED_FIELDS = [...API_FIELDS, 'content-type', 'application/json; charset=utf-8']

/** A post that was counted, and may be made. */
interface Counted {
  request: IncomingMessage
  response: ServerResponse
  head: PlainHead
  principal: Principal
  rate: Rate | null
}

interface Surroundings {
  admission: Admission
  handovers: Handovers
  server: Pick<Server, 'listening'>
  /** Takes every other request. */
  routes: RequestListener
}

/**
 * Takes posts of one message that are written as most clients write them, in front of all routes: posting is most of
 * what a busy server does, and a route costs three times as much. It knows what is right, and nothing else: a request of
 * another kind goes to `routes` untouched, and one that fails goes there with what has been found out so far.
 * The checks are those of the routes, in the same order.
 */
export function createPlainPosts(
  deps: ApiDeps,
  { admission, handovers, server, routes }: Surroundings,
): RequestListener {
  const { directory, metrics, runtime, tls } = deps
  const protocol = tls ? 'https' : 'http'
  const idOf = createRequestIds(runtime.newId)
  /** Found with the first answer: the routes come after this. */
  let count: ((status: number) => void) | null = null

  /** Undefined for a sender that is not known, or not welcome. */
  function senderOf(request: IncomingMessage): Principal | undefined {
    try {
      expectHeadWithinLimit({ raw: request })
      const { accept, 'content-type': type } = request.headers
      const principal = admission.known(request)
      return principal && accepts(accept, 'application/json') && isJsonType(type!) ? principal : undefined
    } catch {
      return undefined
    }
  }

  function handOver({ request, response, principal, rate }: Counted, body: Buffer | null, failure?: unknown): void {
    handovers.set(request, { principal, rate, body, failure })
    routes(request, response)
  }

  function judge(post: Counted): void {
    const { request, head, principal, rate } = post
    let base = ''
    try {
      admission.expectAllowed(principal, rate, CREATE_MESSAGE.requires, head.params)
      base = admission.baseOf({ host: head.host, protocol })
    } catch {
      handOver(post, null)
      return
    }
    let read: Buffer | null = null
    request.on('data', (bytes: Buffer) => {
      const body = read === null ? bytes : Buffer.concat([read, bytes])
      // As much as was announced is all that comes: the connection, or the stream, is held to it.
      const isWhole = body.length === head.length
      // What waits for the disk must not be in memory twice.
      read = isWhole ? null : body
      if (isWhole) accept(post, base, body)
    })
  }

  function accept(post: Counted, base: string, body: Buffer): void {
    const { head, principal } = post
    const { organizationId, frozen } = principal
    const { queueId } = head.params
    const message = readPlainMessage(body)
    const route = directory.peek(organizationId, queueId)
    if (message === null || route === undefined || frozen) {
      handOver(post, body)
      return
    }
    const { data, name, key } = message
    try {
      acceptMessageTo(
        deps,
        route,
        { organizationId, queueId, data, name, key },
        {
          accepted: (message) => answer(post, base, message),
          failed: (error) => handOver(post, null, error),
        },
      )
    } catch (error) {
      handOver(post, null, error)
    }
  }

  function answer({ request, response, rate }: Counted, base: string, message: AcceptedMessage): void {
    count ??= metrics.requests.counterOf('POST', ROUTE)
    count(200)
    // The client may have hung up meanwhile.
    if (response.destroyed) return
    const body = JSON.stringify(presentAccepted({ base }, message))
    const fields = [...FIXED_FIELDS, 'x-request-id', idOf(request), 'content-length', String(Buffer.byteLength(body))]
    if (rate !== null) for (const [name, value] of Object.entries(rateHeaders(rate))) fields.push(name, String(value))
    // A server that closes waits for its connections; in HTTP/2 they learn of it in another way.
    if (!server.listening && request.httpVersionMajor === 1) fields.push('connection', 'close')
    response.writeHead(200, fields)
    response.end(body)
  }

  return (request, response) => {
    const head = readPlainHead(request)
    const principal = head === null ? undefined : senderOf(request)
    if (head === null || principal === undefined) {
      routes(request, response)
      return
    }
    const rate = admission.count(principal)
    if (rate instanceof Promise) {
      rate.then(
        (it) => judge({ request, response, head, principal, rate: it }),
        (error) => handOver({ request, response, head, principal, rate: null }, null, error),
      )
      // What was counted changes with the next request, and the answer is later than that.
    } else judge({ request, response, head, principal, rate: rate && { ...rate } })
  }
}
