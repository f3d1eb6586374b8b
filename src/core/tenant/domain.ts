/** Whether listeners may only be where their organization has shown that it rules. `optional`: it can be shown, and need not. */
export const DOMAIN_VERIFICATIONS = ['off', 'optional', 'required'] as const
export type DomainVerification = (typeof DOMAIN_VERIFICATIONS)[number]

/** A file that only an organization that controls a domain can put there. */
export interface Challenge {
  /** Neither begins nor ends with a slash. */
  contextPath: string
  fileName: string
  fileContent: string
  createdAt: number
  expiresAt: number
}

/** A place in the web, and what shows that an organization rules it. */
export interface Domain {
  id: string
  organizationId: string
  name: string
  /** As URLs write it: in lower case, in Punycode. */
  hostname: string
  port: number
  challenge: Challenge
  /** When it was last shown, or null where it never was since the place was last changed. */
  verifiedAt: number | null
  createdAt: number
  updatedAt: number
}

export const CHALLENGE_MS = 24 * 3_600_000
/** Domains change hands: what was shown counts for so long, and can be shown again before that is over. */
export const VERIFIED_MS = 90 * 24 * 3_600_000
const CONTEXT_PATH = '.well-known/discue'
const NAME_BYTES = 24
const CONTENT_BYTES = 32
const MAX_HOSTNAME = 253

export function newChallenge(randomBytes: (size: number) => Buffer, now: number): Challenge {
  return {
    contextPath: CONTEXT_PATH,
    fileName: `${randomBytes(NAME_BYTES).toString('base64url')}.txt`,
    fileContent: randomBytes(CONTENT_BYTES).toString('base64url'),
    createdAt: now,
    expiresAt: now + CHALLENGE_MS,
  }
}

/** Where the challenge's file must be. */
export function challengeUrl({ hostname, port, challenge }: Pick<Domain, 'hostname' | 'port' | 'challenge'>): string {
  return new URL(`https://${hostname}:${port}/${challenge.contextPath}/${challenge.fileName}`).href
}

/** Until when the domain counts as verified; null where it does not now. */
export function verifiedUntil({ verifiedAt }: Pick<Domain, 'verifiedAt'>, now: number): number | null {
  const until = verifiedAt === null ? 0 : verifiedAt + VERIFIED_MS
  return until > now ? until : null
}

/** The name of a host in the form that URLs give it, or null where it cannot be one. */
export function hostnameOf(text: string): string | null {
  if (text.length > MAX_HOSTNAME || !/^[\p{L}\p{N}._-]+$/u.test(text)) return null
  const url = `https://${text}/`
  return URL.canParse(url) ? new URL(url).hostname : null
}

/** Why a text cannot be the name of a host, or null where it can. */
export function hostnameFault(text: string): string | null {
  return hostnameOf(text) === null ? 'must be the name of a host, without scheme, port or path' : null
}

/**
 * The host and ports one of which must be verified for this URL. An organization that controls the usual port of HTTPS
 * controls that of HTTP, which cannot be shown by itself.
 */
export function verifiableHostOf(url: string): { hostname: string; ports: number[] } {
  const { hostname, port, protocol } = new URL(url)
  if (port !== '') return { hostname, ports: [Number(port)] }
  return { hostname, ports: protocol === 'https:' ? [443] : [80, 443] }
}
