const LOOPBACK = ['127.0.0.1', '::1'] as const

/**
 * Addresses of names that no server is asked for, or null where it is an ordinary one. `localhost` and all below it are
 * this machine, `invalid` never exists (RFC 6761, sections 6.3 and 6.4), nor does `onion` outside of Tor (RFC 7686).
 */
export function specialAddresses(name: string): readonly string[] | null {
  const bare = name.replace(/\.$/, '')
  if (/(^|\.)localhost$/.test(bare)) return LOOPBACK
  return /(^|\.)(invalid|onion)$/.test(bare) ? [] : null
}
