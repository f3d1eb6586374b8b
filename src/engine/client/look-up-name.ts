import type { LookUpName } from '../../app/deps.ts'
import { bypasses, type Egress } from '../../core/network/egress.ts'
import type { Names } from './names/names.ts'

/** Looks names up as deliveries do, with what is known already, and takes its turn among the look-ups of its organization. */
export function createLookUpName(names: Names, egress: Egress | null): LookUpName {
  return (hostname, { organizationId }) =>
    new Promise((resolve, reject) => {
      // What only the proxy can look up is not known here, whatever the port.
      if (egress?.resolve === 'proxy' && !bypasses(egress.bypass, hostname, 443)) {
        resolve([])
        return
      }
      names.find(hostname, { asker: organizationId }, (error, addresses) => {
        if (error === null) resolve(addresses)
        else reject(error)
      })
    })
}
