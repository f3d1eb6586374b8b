import { timingSafeEqual } from 'node:crypto'
import type { DomainChecker } from '../../app/deps.ts'
import type { Outcome } from '../../core/delivery/attempt.ts'
import { Problem } from '../../core/problem.ts'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { full } from '../../core/sharing/full.ts'
import { challengeUrl } from '../../core/tenant/domain.ts'
import type { Runtime } from '../../runtime.ts'
import type { Sender } from './sender.ts'

const TIMEOUT_MS = 10_000
const MAX_PER_ORGANIZATION = 4
const MAX_CHECKS = 64
/** How places are shared, so that sixteen greedy organizations leave room for the next. */
const TIMES = 4
const CHECKS = { code: 'too_many_checks', what: 'checks of domains' } as const

/** Fetches the files of challenges, like everything that goes out: to allowed targets, without following redirects. */
export function createDomainChecker(deps: {
  sender: Pick<Sender, 'send'>
  runtime: Runtime
  userAgent: string
}): DomainChecker {
  const { sender, runtime, userAgent } = deps
  const places = new FairPlaces(MAX_CHECKS, { times: TIMES, most: MAX_PER_ORGANIZATION })

  async function fetchFile(url: string, organizationId: string): Promise<Outcome> {
    const { origin, pathname } = new URL(url)
    const headers = ['user-agent', userAgent, 'accept', 'text/plain, */*']
    const request = { method: 'GET', origin, path: pathname, headers, body: null, organizationId } as const
    // Here the body is what counts.
    const times = { timeoutMs: TIMEOUT_MS, bodyMs: TIMEOUT_MS, startedAt: runtime.now() }
    const outcome = await sender.send({ ...request, ...times })
    if (outcome === 'aborted') throw new Problem('stopping')
    return outcome
  }

  return {
    async check(domain) {
      const { organizationId } = domain
      if (!places.take(organizationId)) throw full(places, organizationId, CHECKS)
      try {
        const url = challengeUrl(domain)
        return faultOf(await fetchFile(url, domain.organizationId), url, domain.challenge.fileContent)
      } finally {
        places.give(organizationId)
      }
    },
  }
}

/** What was found instead is not told: it may be what only the server can reach. */
function faultOf({ error, status, response }: Outcome, url: string, content: string): string | null {
  if (error !== null) return `${url} could not be fetched: ${error}`
  if (status !== 200) return `${url} must answer with 200, not ${status}`
  // Editors end files with a line break.
  return isSame(response.trim(), content) ? null : `${url} must hold file_content and nothing else`
}

function isSame(text: string, content: string): boolean {
  const [a, b] = [Buffer.from(text), Buffer.from(content)]
  return a.length === b.length && timingSafeEqual(a, b)
}
