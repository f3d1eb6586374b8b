import { isIP } from 'node:net'

/** Addresses by name, in the order of the file; names are in lower case. */
export type Hosts = ReadonlyMap<string, readonly string[]>

/** Reads the text of a hosts file (hosts(5)): an address and its names a line. Lines that are none are passed over. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const comment = line.indexOf('#')
    const [address = '', ...names] = (comment === -1 ? line : line.slice(0, comment)).trim().split(/\s+/)
    if (isIP(address) === 0) continue
    for (const name of names) add(hosts, name.toLowerCase(), address)
  }
  return hosts
}

function add(hosts: Map<string, string[]>, name: string, address: string): void {
  const known = hosts.get(name)
  if (known === undefined) hosts.set(name, [address])
  else if (!known.includes(address)) known.push(address)
}
