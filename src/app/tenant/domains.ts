import { hostFault } from '../../core/network/target.ts'
import { invalid, nameTaken, Problem } from '../../core/problem.ts'
import type { Principal } from '../../core/tenant/api-key.ts'
import { type Domain, hostnameOf, newChallenge } from '../../core/tenant/domain.ts'
import type { ExpectedRevisions } from '../../store/listing/expected-revision.ts'
import type { Revised } from '../../store/listing/slice.ts'
import { named } from '../changes.ts'
import type { AppDeps } from '../deps.ts'
import type { AnswerFor } from '../idempotency.ts'
import { expectIds } from '../ids.ts'
import { type Listing, type Page, readPage } from '../page.ts'
import { type ReleaseDeps, releaseVerified } from './awaiting-listeners.ts'
import { refusalOf } from './refusal.ts'
import { onlyVisible } from './visibility.ts'

export interface DomainAddress {
  organizationId: string
  id: string
}

export interface DomainChange {
  name?: string
  hostname?: string
  port?: number
}

/** Throws `name_taken`, `key_running`, and `invalid` for a host that the server may not ask. */
export async function createDomain(
  deps: Pick<AppDeps, 'store' | 'runtime' | 'targets'>,
  ask: { organizationId: string; name: string; hostname: string; port: number },
  answerFor?: AnswerFor<Domain>,
): Promise<Domain> {
  const now = deps.runtime.now()
  const domain: Domain = {
    ...ask,
    id: deps.runtime.newId(),
    hostname: expectHost(deps, ask.hostname),
    challenge: newChallenge(deps.runtime.randomBytes, now),
    verifiedAt: null,
    createdAt: now,
    updatedAt: now,
  }
  const outcome = await deps.store.domains.create(domain, answerFor?.(domain))
  if (outcome === 'name_taken') throw nameTaken('domain')
  if (outcome !== 'created') throw refusalOf(outcome)
  return domain
}

/** Throws `domain_not_found`. */
export async function readDomain(deps: Pick<AppDeps, 'store'>, ask: DomainAddress): Promise<Revised<Domain>> {
  expectIds([ask.id], 'domain_not_found')
  const domain = await deps.store.domains.get(ask)
  if (domain === null) throw new Problem('domain_not_found')
  return domain
}

/** Oldest first, those that the key may see. */
export async function listDomains(
  deps: Pick<AppDeps, 'store'>,
  { principal, page }: { principal: Principal; page: Page | null },
): Promise<Listing<Domain>> {
  const { organizationId } = principal
  const only = onlyVisible(principal, 'domains')
  return readPage(page, (slice) => deps.store.domains.list({ organizationId, only, slice }))
}

/** At another place it has yet to be verified, by another challenge. Throws like `createDomain`, and `changed`. */
export async function updateDomain(
  deps: Pick<AppDeps, 'store' | 'runtime' | 'targets'>,
  ask: DomainAddress & { change: DomainChange; ifMatch?: ExpectedRevisions },
): Promise<Revised<Domain>> {
  const { change, ifMatch, ...address } = ask
  const current = await readDomain(deps, address)
  const now = deps.runtime.now()
  const hostname = change.hostname === undefined ? undefined : expectHost(deps, change.hostname)
  const place = named({ hostname, port: change.port })
  const moved =
    (place.hostname ?? current.hostname) !== current.hostname || (place.port ?? current.port) !== current.port
  const anew = moved ? { challenge: newChallenge(deps.runtime.randomBytes, now), verifiedAt: null } : {}
  return changed(
    await deps.store.domains.update({
      ...address,
      changes: named({ name: change.name, ...place, ...anew }),
      now,
      // What is verified must be the place that was read.
      ifMatch: ifMatch ?? (moved ? [current.revision] : null),
    }),
  )
}

function changed(outcome: Revised<Domain> | 'not_found' | 'name_taken' | 'changed'): Revised<Domain> {
  if (outcome === 'not_found') throw new Problem('domain_not_found')
  if (outcome === 'name_taken') throw nameTaken('domain')
  if (outcome === 'changed') throw new Problem('changed')
  return outcome
}

/** Listeners that are there stay. Throws `domain_not_found` and `changed`. */
export async function deleteDomain(
  deps: Pick<AppDeps, 'store'>,
  ask: DomainAddress & { ifMatch?: ExpectedRevisions },
): Promise<void> {
  expectIds([ask.id], 'domain_not_found')
  const outcome = await deps.store.domains.delete(ask)
  if (outcome === 'not_found') throw new Problem('domain_not_found')
  if (outcome === 'changed') throw new Problem('changed')
}

/**
 * Looks for the challenge's file, and remembers that it was there. Throws `challenge_expired`, which makes a new one,
 * `challenge_failed` with what was found instead, `too_many_checks`, `overloaded`, `stopping`, and `changed` where the
 * domain was changed meanwhile.
 */
export async function verifyDomain(
  deps: Pick<AppDeps, 'domainChecker'> & ReleaseDeps,
  address: DomainAddress,
): Promise<Revised<Domain>> {
  const domain = await readDomain(deps, address)
  const update = { ...address, ifMatch: [domain.revision] }
  const now = deps.runtime.now()
  if (domain.challenge.expiresAt <= now) {
    const challenge = newChallenge(deps.runtime.randomBytes, now)
    changed(await deps.store.domains.update({ ...update, changes: { challenge }, now }))
    throw new Problem('challenge_expired')
  }
  const fault = await deps.domainChecker.check(domain)
  if (fault !== null) throw new Problem('challenge_failed', { errors: [{ path: '/hostname', message: fault }] })
  const verifiedAt = deps.runtime.now()
  const verified = changed(await deps.store.domains.update({ ...update, changes: { verifiedAt }, now: verifiedAt }))
  // A node that dies in between has not answered: the same request, sent again, finishes it.
  await releaseVerified(deps, address.organizationId)
  return verified
}

function expectHost({ targets }: Pick<AppDeps, 'targets'>, text: string): string {
  const hostname = hostnameOf(text)
  const fault = hostname === null ? 'must be the name of a host' : hostFault(targets, hostname)
  if (fault !== null) throw invalid('/hostname', fault)
  return hostname!
}
