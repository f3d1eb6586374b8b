import { hash } from 'node:crypto'

export const GRANTABLE_RESOURCES = [
  'events',
  'queues',
  'listeners',
  'messages',
  'schemas',
  'stats',
  'schedules',
  'domains',
] as const
/** Can be granted, and have no endpoints yet. */
export const RESERVED_RESOURCES = ['channels', 'topics'] as const
export const PROTECTED_RESOURCES = ['api_clients', 'api_keys', 'subscriptions'] as const

/** Only owner keys have the protected ones; they cannot be granted. */
export type Resource =
  | (typeof GRANTABLE_RESOURCES)[number]
  | (typeof RESERVED_RESOURCES)[number]
  | (typeof PROTECTED_RESOURCES)[number]
export type Access = 'read' | 'write'

/** `targets` are ids of the resource or of the queue that contains it; `'*'` means all. */
export interface Scope {
  resource: Resource
  access: Access
  targets: '*' | readonly string[]
}

export type ApiKeyStatus = 'enabled' | 'disabled'

/** A key as it is stored: never its text, only the digest of it and its first three characters. */
export interface ApiKey {
  id: string
  organizationId: string
  name: string | null
  /** Hexadecimal SHA-256 of the key. */
  digest: string
  prefix: string
  status: ApiKeyStatus
  /** Null: everything except the protected resources. */
  scopes: Scope[] | null
  owner: boolean
  createdAt: number
  updatedAt: number
  lastUsedAt: number | null
}

/** Who is asking, once the key is known to be good. */
export interface Principal {
  organizationId: string
  apiKeyId: string
  owner: boolean
  /** The owner key of the root organization. */
  root: boolean
  /** The organization is the server's own, whatever the key may do in it. */
  ofRootOrganization: boolean
  scopes: Scope[] | null
  /** The organization takes no writes. */
  frozen: boolean
  /** The organization's own limit; null where it has none. */
  requestsPerMinute: number | null
}

const KEY_BYTES = 48
export const KEY_PATTERN = '^[A-Za-z0-9_-]{64}$'

/** 64 characters of base64url from 48 random bytes. */
export function makeKeyText(randomBytes: (size: number) => Buffer): string {
  return randomBytes(KEY_BYTES).toString('base64url')
}

/**
 * What is stored and looked up instead of the key. A plain digest is enough: keys have 384 bits of
 * randomness, so there is nothing to guess, and comparing digests tells nothing about the key by its timing.
 */
export function digestOf(keyText: string): string {
  return hash('sha256', keyText, 'hex')
}

export function prefixOf(keyText: string): string {
  return keyText.slice(0, 3)
}

/** What a scope must allow: `ids` name the thing and the queue around it; empty where there is no single thing. */
export interface Requirement {
  resource: Resource
  access: Access
  ids: readonly (string | undefined)[]
}

/** Whether the key may do this. A listing (no ids, read) is allowed by any target and filtered with `visible`. */
export function permits(principal: Principal, requires: Requirement): boolean {
  if (principal.owner) return true
  if (isProtected(requires.resource)) return false
  if (principal.scopes === null) return true
  const listing = requires.access === 'read' && requires.ids.length === 0
  return principal.scopes.some(
    (scope) => covers(scope, requires) && (listing || targetsAll(scope) || targetsOne(scope, requires.ids)),
  )
}

/** For listings: a filter that lets through what the key's targets allow, by the ids of the thing and its queue. */
export function visible(principal: Principal, resource: Resource): (...ids: string[]) => boolean {
  if (principal.owner || principal.scopes === null) return () => true
  const scopes = principal.scopes.filter((scope) => covers(scope, { resource, access: 'read' }))
  if (scopes.some(targetsAll)) return () => true
  const targets = new Set(scopes.flatMap((scope) => scope.targets))
  return (...ids) => ids.some((id) => targets.has(id))
}

function covers(scope: Scope, requires: { resource: Resource; access: Access }): boolean {
  return scope.resource === requires.resource && (scope.access === 'write' || requires.access === 'read')
}

function targetsAll(scope: Scope): boolean {
  return scope.targets === '*' || scope.targets.includes('*')
}

function targetsOne(scope: Scope, ids: readonly (string | undefined)[]): boolean {
  return ids.some((id) => id !== undefined && scope.targets.includes(id))
}

function isProtected(resource: Resource): boolean {
  return (PROTECTED_RESOURCES as readonly string[]).includes(resource)
}
