import { timingSafeEqual } from 'node:crypto'
import { keptSecretFaults, leadsElsewhere } from '../core/delivery/credentials/kept-secrets.ts'
import { DEFAULT_SETTINGS, type Listener, type SettingsChange, withChange } from '../core/delivery/listener.ts'
import { withNews } from '../core/delivery/liveness.ts'
import { MAX_FILTERS_OF_QUEUE, MAX_LISTENERS_OF_QUEUE } from '../core/delivery/queue.ts'
import { makeSecret } from '../core/delivery/signature.ts'
import { usedByListener } from '../core/feature.ts'
import { type Fault, invalid, nameTaken, Problem } from '../core/problem.ts'
import type { Principal } from '../core/tenant/api-key.ts'
import { openedOrNull, type SecretBox } from '../core/tenant/secret-box.ts'
import type { SecretChange } from '../core/tenant/secret-rotation.ts'
import { asText, secretsIn } from '../core/tenant/signing-secrets.ts'
import type { ListenerDetails } from '../store/listeners.ts'
import { type ExpectedRevisions, failsIfMatch } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import { named } from './changes.ts'
import type { AppDeps } from './deps.ts'
import type { AnswerFor } from './idempotency.ts'
import { expectIds } from './ids.ts'
import { expectUnderstood } from './limits/features.ts'
import { expectResolvedTargets, expectTargets } from './limits/targets.ts'
import { type Listing, type Page, readPage } from './page.ts'
import { missingForPost, readRoute } from './queues.ts'
import { authToStore, expectOneAuthorization } from './tenant/listener-auth.ts'
import { headersToStore } from './tenant/listener-headers.ts'
import { tlsToStore } from './tenant/listener-tls.ts'
import { refusalOf } from './tenant/refusal.ts'
import { type KeysAsk, type NewKeys, newKeys } from './tenant/signing-keys.ts'
import { unverified } from './tenant/verification.ts'
import { onlyVisible } from './tenant/visibility.ts'

export interface ListenerAddress {
  organizationId: string
  queueId: string
  id: string
}

export interface NewListener {
  organizationId: string
  queueId: string
  name: string
  /** Null: a pull listener. */
  notifyUrl: string | null
  livenessUrl: string | null
  /** A secret of the client's own, `whsec_…`; one is made where it is left out. */
  secret?: string | undefined
  /** A private key of the client's own, `whsk_…`; one is made where it is left out and needed. */
  privateKey?: string | undefined
  settings: SettingsChange
  /** What becomes of a listener on a domain that must be verified and is not: `refused` unless told. */
  whenUnverified?: WhenUnverified
}

/** `waits`: it is stored, and nothing is sent to it until the domain is verified. */
type WhenUnverified = 'refused' | 'waits'

export interface ListenerChange {
  name?: string
  notifyUrl?: string | null
  livenessUrl?: string | null
  /** A new secret, or `rotate` to have one made. */
  secret?: string | undefined
  /** A new private key, or `rotate` to have one made. */
  privateKey?: string | undefined
  settings: SettingsChange
}

/** What is told of a listener that was made. */
export interface CreatedListener {
  id: string
  name: string
  /** Absent where it signs by a private key alone, of which nothing but the public key is told. */
  secret: string | undefined
  publicKey: string | null
}

type ListenerDeps = Pick<
  AppDeps,
  'store' | 'runtime' | 'recentLiveness' | 'targets' | 'lookUpName' | 'secretBox' | 'insecureTls' | 'domainVerification'
>

/**
 * Throws `queue_not_found`, `queue_deleting`, `queue_full`, `name_taken`, `quota_reached`, `key_running` and `invalid`.
 * The answer is the only one that holds a secret which was made here.
 */
export async function createListener(
  deps: ListenerDeps,
  ask: NewListener,
  answerFor?: AnswerFor<CreatedListener>,
): Promise<CreatedListener> {
  expectIds([ask.queueId], 'queue_not_found')
  const urls = { ...ask, tokenUrl: tokenUrlOf(ask.settings) }
  expectTargets(deps.targets, urls)
  const awaitsVerification = await judgeDomains(deps, ask, ask)
  expectSense(ask)
  expectUnderstood(deps, usedByListener(ask.settings, DEFAULT_SETTINGS))
  await expectResolvedTargets(deps, ask.organizationId, urls)
  const now = deps.runtime.now()
  const signature = ask.settings.signature ?? DEFAULT_SETTINGS.signature
  const keys = newKeys(deps.runtime, { ...ask, signature }, [])
  const id = deps.runtime.newId()
  const settings = withChange(DEFAULT_SETTINGS, {
    ...settingsToStore(deps, { id, settings: DEFAULT_SETTINGS }, ask.settings),
    awaitsVerification,
    publicKey: keys.publicKey ?? null,
  })
  const secrets = { secret: sealedKeys(deps, id, keys), retiredSecrets: [] }
  const { whenUnverified: _, privateKey: _p, ...given } = ask
  const listener = { ...given, ...secrets, id, settings, createdAt: now, updatedAt: now }
  const made = { id, name: ask.name, secret: keys.secret, publicKey: settings.publicKey }
  const outcome = await deps.store.listeners.create(listener, answerFor?.(made))
  if (outcome === 'queue_not_found') throw await missingForPost(deps, { ...ask, id: ask.queueId })
  if (outcome === 'name_taken') throw nameTaken('listener of this queue')
  if (outcome === 'queue_full') {
    throw new Problem('queue_full', {
      detail: `the queue has ${MAX_LISTENERS_OF_QUEUE} listeners, and may have no more`,
    })
  }
  if (outcome === 'filters_full') throw filtersFull()
  if (outcome !== 'created') throw refusalOf(outcome)
  return made
}

function filtersFull(): Problem {
  const message = `would make the filters of the queue's listeners longer than ${MAX_FILTERS_OF_QUEUE} characters together`
  return new Problem('invalid', { errors: [{ path: '/filter', message }] })
}

/** Throws `listener_not_found`. */
export async function readListener(
  deps: Pick<AppDeps, 'store' | 'recentLiveness'>,
  ask: ListenerAddress,
): Promise<Revised<ListenerDetails>> {
  expectIds([ask.queueId, ask.id], 'listener_not_found')
  const listener = await deps.store.listeners.get(ask)
  if (listener === null) throw new Problem('listener_not_found')
  return upToDate(deps, listener)
}

/** Oldest first; of one queue, or of all that the key may see where `queueId` is null. Throws `queue_not_found`. */
export async function listListeners(
  deps: Pick<AppDeps, 'store' | 'recentLiveness'>,
  ask: { principal: Principal; queueId: string | null; page: Page | null },
): Promise<Listing<ListenerDetails>> {
  const { organizationId } = ask.principal
  const { queueId } = ask
  if (queueId !== null) await readRoute(deps, { organizationId, id: queueId })
  const only = onlyVisible(ask.principal, 'listeners')
  return readPage(ask.page, async (slice) => {
    const listeners = await deps.store.listeners.list({ organizationId, queueId, only, slice })
    return listeners.map((listener) => upToDate(deps, listener))
  })
}

function upToDate<Details extends ListenerDetails>(
  { recentLiveness }: Pick<AppDeps, 'recentLiveness'>,
  listener: Details,
): Details {
  return { ...listener, liveness: withNews(listener.liveness, recentLiveness.newsOf(listener.id)) }
}

type UpdateAsk = ListenerAddress & {
  change: ListenerChange
  ifMatch?: ExpectedRevisions
  whenUnverified?: WhenUnverified
}
interface Updated {
  listener: Revised<ListenerDetails>
  /** Where it was changed, and only then. */
  secret?: string | undefined
}

/** A listener that changes this often between two looks is being changed in a loop. */
const MAX_TRIES = 8

/** Throws `listener_not_found`, `name_taken`, `changed` and `invalid`. */
export async function updateListener(deps: ListenerDeps, ask: UpdateAsk): Promise<Updated> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const updated = await updateOnce(deps, ask)
    if (updated !== 'changed') return updated
    if ((ask.ifMatch ?? null) !== null) throw new Problem('changed')
  }
  throw new Problem('overloaded')
}

/** `changed`: it is not what the caller expects, or, of one whose keys change, not what was read any more. */
async function updateOnce(deps: ListenerDeps, ask: UpdateAsk): Promise<Updated | 'changed'> {
  const { change, ifMatch, whenUnverified, ...address } = ask
  const current = await readListener(deps, address)
  const tokenUrl = tokenUrlOf(change.settings)
  expectTargets(deps.targets, { ...change, tokenUrl })
  const isMoved = leadsElsewhere(current, change)
  if (isMoved && failsIfMatch(current.revision, ifMatch)) return 'changed'
  const urls = newUrls(current, change)
  const { organizationId } = ask
  const awaitsVerification = await judgeChange(deps, { organizationId, whenUnverified, current, change, urls })
  expectSense({ ...current, ...named(change) })
  expectNoFaults(keptSecretFaults(current, change))
  expectUnderstood(deps, usedByListener(change.settings, current.settings))
  const resolved = { ...urls, ...(tokenUrl !== tokenUrlOf(current.settings) && { tokenUrl }) }
  await expectResolvedTargets(deps, ask.organizationId, resolved)
  const asked = { ...change, signature: change.settings.signature }
  const { secret, privateKey, publicKey } = newKeys(deps.runtime, asked, current.settings.signature)
  const settings = named({ ...settingsToStore(deps, current, change.settings), awaitsVerification, publicKey })
  const sealed = sealedChanges(deps.secretBox, current, { secret, privateKey, publicKey })
  const changes = named({ ...change, settings, ...sealed })
  // Which keys it needs follows from those that it had, and whether secrets would go elsewhere from those that were read.
  const expected = isMoved ? [current.revision] : (ifMatch ?? (isSigning(asked) ? [current.revision] : undefined))
  const changed = await deps.store.listeners.update({
    ...{ ...address, changes, ifMatch: expected, now: deps.runtime.now() },
  })
  if (changed === 'not_found') throw new Problem('listener_not_found')
  if (changed === 'name_taken') throw nameTaken('listener of this queue')
  if (changed === 'filters_full') throw filtersFull()
  if (changed === 'changed') return 'changed'
  return { listener: { ...current, ...changed }, secret }
}

/** What it had waiting is gone with it. Throws `listener_not_found` and `changed`. */
export async function deleteListener(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: ListenerAddress & { ifMatch?: ExpectedRevisions },
): Promise<void> {
  expectIds([ask.queueId, ask.id], 'listener_not_found')
  const outcome = await deps.store.listeners.delete({ ...ask, now: deps.runtime.now() })
  if (outcome === 'not_found') throw new Problem('listener_not_found')
  if (outcome === 'changed') throw new Problem('changed')
}

/** Keys of a new listener, as the store keeps them; one that signs without a secret has one that is not told. */
function sealedKeys({ secretBox: box, runtime }: ListenerDeps, id: string, { secret, privateKey }: NewKeys): string {
  const sealed = (text: string) => box.seal(text, id)
  const own = secret ?? makeSecret(runtime.randomBytes)
  return asText({ secret: sealed(own), privateKey: privateKey == null ? null : sealed(privateKey) })
}

/** What there is to store: nothing of a key that is the one that the listener has. */
function sealedChanges(box: SecretBox, { id, secret: text, settings }: Listener, keys: NewKeys): SecretChange {
  const { secret, privateKey, publicKey } = keys
  const current = secretsIn(text).secret!
  const isNew = secret !== undefined && !isSame(openedOrNull(box, current, id) ?? '', secret)
  const isOther = privateKey !== undefined && publicKey !== settings.publicKey
  return {
    secret: isNew ? box.seal(secret, id) : undefined,
    privateKey: isOther ? privateKey && box.seal(privateKey, id) : undefined,
  }
}

function isSigning({ signature, secret, privateKey }: KeysAsk): boolean {
  return signature !== undefined || secret !== undefined || privateKey !== undefined
}

/** The settings with what answers never show as it is stored. Throws `invalid`. */
function settingsToStore(
  deps: Pick<ListenerDeps, 'secretBox' | 'insecureTls' | 'runtime'>,
  { id, settings: stored }: Pick<Listener, 'id' | 'settings'>,
  { headers, auth, tls, ...settings }: SettingsChange,
): SettingsChange {
  const isOtherFilter = settings.filter !== undefined && settings.filter !== stored.filter
  const forTls = { ...deps, now: deps.runtime.now() }
  const change = {
    ...settings,
    ...(isOtherFilter && { filterSince: forTls.now }),
    ...(tls !== undefined && { tls: tlsToStore(forTls, id, { stored: stored.tls, change: tls }) }),
    ...(headers !== undefined && { headers: headersToStore(deps, id, { stored: stored.headers, change: headers }) }),
    ...(auth !== undefined && { auth: authToStore(deps, id, { stored: stored.auth, change: auth }) }),
  }
  expectOneAuthorization(withChange(stored, change), { auth })
  return change
}

function isSame(secret: string, other: string): boolean {
  const [a, b] = [Buffer.from(secret), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Whether a listener with these URLs has to wait for its domain. Throws `invalid` where it may not. */
async function judgeDomains(
  deps: ListenerDeps,
  { organizationId, whenUnverified = 'refused' }: Pick<NewListener, 'organizationId' | 'whenUnverified'>,
  urls: Pick<ListenerChange, 'notifyUrl' | 'livenessUrl'>,
): Promise<boolean> {
  const errors = await unverified(deps, organizationId, urls)
  if (whenUnverified === 'refused') expectNoFaults(errors)
  return errors.length > 0
}

function expectNoFaults(errors: Fault[]): void {
  if (errors.length > 0) throw new Problem('invalid', { errors })
}

/**
 * Whether a changed listener has to wait for its domain. One that waits already is judged by the URLs that it keeps, too; any
 * other may keep what it has. Throws `invalid` like `judgeDomains`.
 */
async function judgeChange(
  deps: ListenerDeps,
  {
    current,
    change,
    urls,
    ...ask
  }: Pick<NewListener, 'organizationId' | 'whenUnverified'> & {
    current: Listener
    change: ListenerChange
    urls: Pick<ListenerChange, 'notifyUrl' | 'livenessUrl'>
  },
): Promise<boolean> {
  if (await judgeDomains(deps, ask, urls)) return true
  if (!current.settings.awaitsVerification) return false
  return judgeDomains(deps, { ...ask, whenUnverified: 'waits' }, { ...current, ...named(change) })
}

/** URLs that the listener does not have already: one that is sent back as it was read is no change. */
function newUrls(
  current: Listener,
  { notifyUrl, livenessUrl }: ListenerChange,
): Pick<ListenerChange, 'notifyUrl' | 'livenessUrl'> {
  return {
    ...(notifyUrl !== current.notifyUrl && { notifyUrl }),
    ...(livenessUrl !== current.livenessUrl && { livenessUrl }),
  }
}

/** Where tokens are to be fetched. It need not be on a domain of the organization's: most are not. */
function tokenUrlOf({ auth }: SettingsChange): string | undefined {
  return auth?.type === 'oauth2' ? auth.tokenUrl : undefined
}

/** What a schema cannot say of a listener. Throws `invalid`. */
function expectSense(listener: Pick<NewListener, 'notifyUrl' | 'livenessUrl'>): void {
  if (listener.notifyUrl === null && listener.livenessUrl !== null) {
    throw invalid('/liveness_url', 'needs a notify_url: nothing is sent to a listener that pulls')
  }
}
