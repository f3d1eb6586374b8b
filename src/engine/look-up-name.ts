import { promises } from 'node:dns'
import type { LookUpName } from '../app/deps.ts'

/** The system's look-ups take a thread of the four that the process has for everything. */
const MAX_AT_ONCE = 2

/**
 * Looks names up as the system does. Where as many look-ups are under way as may be, or one for the same organization, it
 * rejects instead of waiting: who asks can do without.
 */
export function createLookUpName(lookup: typeof promises.lookup = promises.lookup): LookUpName {
  const busy = new Set<string>()
  return async (hostname, { organizationId }) => {
    if (busy.size >= MAX_AT_ONCE || busy.has(organizationId)) throw new Error('too many names are being looked up')
    busy.add(organizationId)
    try {
      return (await lookup(hostname, { all: true })).map(({ address }) => address)
    } finally {
      busy.delete(organizationId)
    }
  }
}
