import { existsSync, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a program of this machine is: on the path, or in one of the folders; null where it is in none. */
export function findProgram(name: string, folders: readonly string[]): string | null {
  // The newest version first, where folders are named after it.
  const others = folders.flatMap((folder) => globSync(folder).sort().reverse())
  const path = (process.env.PATH ?? '').split(delimiter)
  return [...path, ...others].map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null
}
