import type { Network } from './address.ts'
import { parseAddress } from './address.ts'

/** The setting that says that clients on other machines reach the server; null where none does. */
export type Exposure = 'DISCUE_HOST' | 'DISCUE_PUBLIC_URL' | 'DISCUE_TRUSTED_PROXIES' | null

/**
 * Whether clients on other machines reach the server, by its configuration. A server that listens on loopback behind a
 * proxy has clients from elsewhere all the same: then it has a public URL, or a proxy that it trusts.
 */
export function exposureOf(told: {
  host: string
  publicUrl: string | null
  trustedProxies: readonly Network[]
}): Exposure {
  if (!isLoopback(told.host)) return 'DISCUE_HOST'
  if (told.publicUrl !== null && !isLoopback(new URL(told.publicUrl).hostname)) return 'DISCUE_PUBLIC_URL'
  return told.trustedProxies.length > 0 ? 'DISCUE_TRUSTED_PROXIES' : null
}

/**
 * What to warn of at a start: behind a proxy that is not named every client has the proxy's address, so that ten wrong keys
 * from one of them lock out all. Null where there can be no such proxy, or one is named.
 */
export function lockOutWarning(exposedBy: Exposure, trustedProxies: readonly Network[]): string | null {
  if (exposedBy === null || trustedProxies.length > 0) return null
  const why = exposedBy === 'DISCUE_HOST' ? 'DISCUE_HOST is not on loopback' : 'DISCUE_PUBLIC_URL is set'
  return (
    `${why}, and DISCUE_TRUSTED_PROXIES is not set: if clients come through a proxy, name it there, for else ten wrong keys ` +
    'from one of them lock all of them out'
  )
}

/** Whether a host, as a setting or a URL names it, is this machine itself, whatever name servers say (RFC 6761, 6.3). */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return /^(.+\.)?localhost\.?$/i.test(bare) || parseAddress(bare)?.range() === 'loopback'
}
