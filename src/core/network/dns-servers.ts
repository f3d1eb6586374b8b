import { isIP } from 'node:net'

/**
 * Reads addresses of name servers with commas between them, each with a port or without, which is 53 then; one of IPv6
 * has brackets before its port. Null where one is none of these.
 */
export function parseDnsServers(text: string): string[] | null {
  const servers = text.split(',').map((entry) => entry.trim())
  return servers.every(isServer) ? servers : null
}

function isServer(entry: string): boolean {
  if (isIP(entry) !== 0) return true
  const [, ipv6 = '', ipv4 = '', port = ''] = /^(?:\[([^[\]]+)\]|([^[\]:]+)):(\d{1,5})$/.exec(entry) ?? []
  const isAddress = isIP(ipv6) === 6 || isIP(ipv4) === 4
  return isAddress && Number(port) >= 1 && Number(port) <= 65_535
}
