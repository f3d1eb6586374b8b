import { createHash } from 'node:crypto'
import type { ClientCredentials } from '../../../core/delivery/credentials/listener-auth.ts'

/** Whose token it is, and how it is fetched. Those with the same `key`, of one organization, share it. */
export interface TokenAsk {
  organizationId: string
  key: string
  credentials: ClientCredentials<string>
}

/** What a listener of this organization asks for; those that are told alike ask for the same. */
export function tokenAskOf(organizationId: string, credentials: ClientCredentials<string>): TokenAsk {
  const { tokenUrl, clientId, secret, scopes, audience, style } = credentials
  const told = JSON.stringify([tokenUrl, clientId, secret, scopes, audience, style])
  // A digest: the secret itself is to stand in as few places as can be.
  return { organizationId, key: createHash('sha256').update(told).digest('base64'), credentials }
}
