// Folders that are made beside the one that they replace: what runs from that one finds the old one or the new one, and
// never half of either.
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const remove = (folder) => rmSync(folder, { recursive: true, force: true })
const exists = (folder) => statSync(folder, { throwIfNoEntry: false }) !== undefined

/** The name of a folder that this process makes beside `folder`: it begins with the same name, and ends with the pid. */
export function besideOf(folder) {
  return join(dirname(folder), `.${basename(folder)}-${process.pid}`)
}

/** Puts `fresh` in the place of `folder`, by two renames, and removes what was there. Undoes the first if the second fails. */
export function replaceWith(folder, fresh) {
  const replaced = `${besideOf(folder)}-replaced`
  const had = exists(folder)
  if (had) renameSync(folder, replaced)
  try {
    renameSync(fresh, folder)
  } catch (error) {
    if (had) renameSync(replaced, folder)
    throw error
  }
  remove(replaced)
}

/** Removes what processes that have ended left beside `folder`. */
export function removeAbandoned(folder) {
  const begin = `.${basename(folder)}-`
  if (!exists(dirname(folder))) return
  for (const name of readdirSync(dirname(folder))) {
    const pid = name.startsWith(begin) ? Number.parseInt(name.slice(begin.length), 10) : Number.NaN
    if (pid > 0 && pid !== process.pid && !isRunning(pid)) remove(join(dirname(folder), name))
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is another user's.
    return error.code === 'EPERM'
  }
}
