import {
  type AcceptedMessage,
  acceptMessage,
  acceptMessageTo,
  loadRoute,
  type NewMessage,
} from '../../app/accept-message.ts'
import type { Rate } from '../../app/rate-limiter.ts'
import { type Principal, permits } from '../../core/api-key.ts'
import { Problem } from '../../core/problem.ts'
import type { Admission } from '../admission.ts'
import type { ApiDeps } from '../api.ts'
import { paths, selfLink } from '../links.ts'
import { refOf } from '../listing.ts'
import { asProblem, logProblem, presentProblem, titleOf } from '../problems.ts'
import { expectWithin } from '../rate-headers.ts'
import type { Answer } from './answer.ts'
import type { PlainHead } from './head.ts'

/** A post of one message, of which nothing is left to be found wrong but who sends it, and to which queue. */
export interface PlainPost {
  head: PlainHead
  message: NewMessage
  /** The address that it came from. */
  peer: string | undefined
}

/** Answers a post, with a problem too; never throws. */
export type Serve = (post: PlainPost, answer: (answer: Answer) => void) => void

/** The pattern that the route of such posts has, for those who count them. */
export const ROUTE = '/v1/queues/:queueId/messages'
const NO_HEADERS = {}

/**
 * Does what the gate and the route of posted messages do, in the same order and with the same use cases: key, scope,
 * rate, queue, whether the organization is frozen; then the message is accepted.
 */
export function createServe(deps: ApiDeps, { door, use, rates, baseOf }: Admission): Serve {
  const { keyRing, runtime, directory, metrics } = deps
  /** Found with the first answer: the routes come after this. */
  let count: ((status: number) => void) | null = null

  async function identify({ head, peer }: PlainPost): Promise<Principal> {
    const caller = callerAt(peer)
    const principal = await keyRing.identify(head.key)
    // Asked again: others from there may have failed while this one was looked up.
    door.expectOpen(caller)
    if (principal !== null) return principal
    door.rejected(caller)
    throw new Problem('key_rejected')
  }

  function accept({ head: { queueId }, message }: PlainPost, principal: Principal): Promise<AcceptedMessage> {
    const { organizationId, frozen } = principal
    const ask = { organizationId, queueId, ...message }
    const route = directory.peek(organizationId, queueId)
    if (route === undefined) return loadRoute(deps, ask).then(() => acceptUnlessFrozen(frozen, ask))
    expectThawed(frozen)
    return acceptMessageTo(deps, route, ask)
  }

  function acceptUnlessFrozen(frozen: boolean, ask: Parameters<typeof acceptMessage>[1]): Promise<AcceptedMessage> {
    expectThawed(frozen)
    return acceptMessage(deps, ask)
  }

  return (post, answer) => {
    const { head } = post
    const requestId = head.requestId ?? runtime.newId()
    let rate: Rate | null = null

    function succeed(message: AcceptedMessage, base: string): void {
      const links = selfLink({ base }, paths.message(head.queueId, message.id))
      const body = JSON.stringify({ message: refOf(message), _links: links })
      send({ status: 200, title: 'OK', requestId, rate, headers: NO_HEADERS, body })
    }
    function fail(error: unknown): void {
      const problem = asProblem(error)
      logProblem(runtime.log, problem, { requestId, method: 'POST', path: ROUTE, err: error })
      const [{ status, headers }, body] = [problem, JSON.stringify(presentProblem(problem))]
      send({ status, title: titleOf(status), requestId, rate, headers, body })
    }
    function send(it: Answer): void {
      count ??= metrics.requests.counterOf('POST', ROUTE)
      count(it.status)
      answer(it)
    }
    function counted(principal: Principal, taken: Rate | null): void {
      // It changes with the next request, and the answer is later than that.
      rate = taken === null ? null : { ...taken }
      if (!permits(principal, { resource: 'messages', access: 'write', ids: [head.queueId] })) {
        throw new Problem('scope_missing')
      }
      if (rate !== null) expectWithin(rate, runtime.now())
      const base = baseOf({ host: head.host, protocol: 'http' })
      accept(post, principal).then((message) => succeed(message, base), fail)
    }
    function admit(principal: Principal): void {
      use(principal.apiKeyId)
      const taken = rates.take(principal.organizationId, principal.requestsPerMinute)
      if (taken instanceof Promise) taken.then((it) => counted(principal, it)).catch(fail)
      else counted(principal, taken)
    }

    try {
      door.expectOpen(callerAt(post.peer))
      const known = keyRing.peek(head.keyDigest)
      if (known !== undefined) admit(known)
      else identify(post).then(admit).catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}

function expectThawed(frozen: boolean): void {
  if (frozen) throw new Problem('organization_frozen')
}

/** A plain post has not come through a proxy that names somebody else: such a field is not among its fields. */
function callerAt(remoteAddress: string | undefined) {
  return { headers: NO_HEADERS, socket: { remoteAddress } }
}
