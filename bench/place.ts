import { join } from 'node:path'

/** A file of this folder. */
export function here(...path: string[]): string {
  return join(import.meta.dirname, ...path)
}

/** A file of the repository. */
export function root(...path: string[]): string {
  return here('..', ...path)
}
