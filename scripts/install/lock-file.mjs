// What is installed, by what is in npm's two files: `package-lock.json`, and the copy that npm keeps in `node_modules` of
// what it has put there. Their times say nothing: a checkout, a copy or a restored backup gives files new ones.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Whether everything that a lock file names is installed, in its version.
 *
 * @param lock the `packages` of `package-lock.json`, by their folders
 * @param installed those of `node_modules/.package-lock.json`
 * @param development whether what is only needed to develop counts, too
 */
export function isAllInstalled(lock, installed, { development }) {
  return Object.entries(lock).every(([folder, wanted]) => {
    if (folder === '' || (wanted.dev && !development)) return true
    const found = installed[folder]
    // What a platform has no use for is optional, and left out by npm.
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

/** The `packages` of a lock file; null where there is none, or half of one. */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? null
  } catch {
    return null
  }
}

/** Whether `folder` has installed what its lock file names. Throws where it has no lock file that can be read. */
export function isInstalledIn(folder, { development }) {
  const lock = packagesOf(join(folder, 'package-lock.json'))
  if (lock === null) throw new Error(`${join(folder, 'package-lock.json')} cannot be read`)
  const installed = packagesOf(join(folder, 'node_modules', '.package-lock.json'))
  return installed !== null && isAllInstalled(lock, installed, { development })
}
