import type { LookUpName } from '../../app/deps.ts'
import type { Names } from './names/names.ts'

/** Looks names up as deliveries do, with what is known already, and takes its turn among the look-ups of its organization. */
export function createLookUpName(names: Names): LookUpName {
  return (hostname, { organizationId }) =>
    new Promise((resolve, reject) => {
      names.find(hostname, { asker: organizationId }, (error, addresses) => {
        if (error === null) resolve(addresses)
        else reject(error)
      })
    })
}
