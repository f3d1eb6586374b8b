import { isIP } from 'node:net'
import type { Preflight } from '../../app/deps.ts'
import type { Outcome } from '../../core/delivery/attempt.ts'
import type { Pushed } from '../../core/delivery/listener.ts'
import { type CheckReport, checkReport, type Marks } from '../../core/delivery/preflight.ts'
import type { Egress } from '../../core/network/egress.ts'
import type { Targets } from '../../core/network/target.ts'
import { Problem } from '../../core/problem.ts'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { full } from '../../core/sharing/full.ts'
import type { SecretBox } from '../../core/tenant/secret-box.ts'
import type { Runtime } from '../../runtime.ts'
import { deliveryRequest, targetOf, unsigned } from '../push/delivery-request.ts'
import type { Names } from './names/names.ts'
import type { ConnectionWatch } from './safe-connector.ts'
import { createSender, type OutgoingRequest, type Sender } from './sender.ts'
import { createAuthorizedSender } from './tokens/authorized-sender.ts'
import type { Tokens } from './tokens/tokens.ts'

/** A check may take as long as its listener's timeout allows, and holds a request open meanwhile. */
const MAX_PER_ORGANIZATION = 4
const MAX_CHECKS = 64
/** How places are shared, so that sixteen greedy organizations leave room for the next. */
const TIMES = 4
const CHECKS = { code: 'too_many_checks', what: 'checks of listeners' } as const
const DATA = '{"test":true}'

/** Told the steps of a check that came to their end; those of a connection, and that a token is there. */
type PhaseWatch = (phase: Parameters<ConnectionWatch>[0] | 'token', addresses: string[]) => void

export interface PreflightDeps {
  runtime: Runtime
  targets: Targets
  secretBox: SecretBox
  userAgent: string
  names: Names
  tokens: Tokens
  insecureTls?: boolean
  egress?: Egress | null
}

/** Tries a listener the way that a delivery takes, over a connection of its own. */
export function createPreflight(deps: PreflightDeps): Preflight & { stop(): void } {
  const { runtime } = deps
  const places = new FairPlaces(MAX_CHECKS, { times: TIMES, most: MAX_PER_ORGANIZATION })
  const running = new Set<Sender>()
  let stopped = false

  async function attempt(request: OutgoingRequest, organizationId: string, watch: PhaseWatch): Promise<Outcome> {
    if (!places.take(organizationId)) throw full(places, organizationId, CHECKS)
    const bare = createSender(runtime, deps.targets, {
      names: deps.names,
      insecureTls: deps.insecureTls,
      egress: deps.egress,
      watch,
      anew: true,
    })
    const { tokens } = deps
    const sender = createAuthorizedSender(bare, { tokens, runtime, onToken: () => watch('token', []) })
    running.add(sender)
    try {
      const outcome = await sender.send(request)
      if (outcome === 'aborted') throw new Problem('stopping')
      return outcome
    } finally {
      places.give(organizationId)
      running.delete(sender)
      await sender.close()
    }
  }

  return {
    async check(listener) {
      if (stopped) throw new Problem('stopping')
      const request = testRequest(deps, listener)
      const { hostname, protocol } = new URL(listener.notifyUrl)
      const notes = noteOn(runtime)
      const outcome =
        request === null ? unsigned(runtime.now()) : await attempt(request, listener.organizationId, notes.watch)
      const literal = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
      const token = request !== null && request.tokenAsk !== null
      const at = { token, literal, secure: protocol === 'https:', addresses: notes.addresses }
      return request === null ? unsignedReport(outcome) : checkReport(notes.marks, outcome, at)
    },
    stop() {
      stopped = true
      for (const sender of running) sender.abort()
    },
  }
}

/** Nothing can be sent without a signature, so nothing else is tried. */
function unsignedReport(outcome: Outcome): CheckReport {
  const skipped = checkReport({ startedAt: outcome.startedAt }, outcome, {
    literal: false,
    secure: true,
    addresses: [],
  })
  const phases = skipped.phases.map(({ name }) => ({
    ...{ name, durationMs: 0 },
    verdict: name === 'send' ? ('failed' as const) : ('skipped' as const),
    error: name === 'send' ? outcome.error : null,
  }))
  return { ...skipped, phases }
}

function noteOn(runtime: Pick<Runtime, 'now'>): { marks: Marks; addresses: string[]; watch: PhaseWatch } {
  const marks: Marks = { startedAt: runtime.now() }
  const addresses: string[] = []
  const watch: PhaseWatch = (phase, found) => {
    marks[phase] = runtime.now()
    addresses.push(...found)
  }
  return { marks, addresses, watch }
}

/** A delivery's request, but that it says that it is none, and that its id is no message's. */
function testRequest({ runtime, secretBox, userAgent }: PreflightDeps, listener: Pushed): OutgoingRequest | null {
  const now = runtime.now()
  const { id: listenerId, organizationId, queueId } = listener
  const times = { createdAt: now, deliverAt: now, expiresAt: null }
  const message = {
    id: runtime.newId(),
    organizationId,
    queueId,
    name: null,
    key: null,
    data: DATA,
    headers: null,
    mediaType: null,
    ...times,
  }
  const delivery = { listenerId, message: { ...message, sequence: 0 }, dueAt: now, attempts: 0, attemptsBefore: 0 }
  const to = { listener, target: targetOf(listener, secretBox), userAgent, now }
  const request = deliveryRequest({ ...delivery, firstSentAt: null, orderNumber: null, lease: 0 }, to)
  return request === null ? null : { ...request, headers: [...request.headers, 'discue-test', 'true'] }
}
