export interface Part {
  name: string
  version: string
  license: string
  path: string
}
/** What a lock file installs beside tools, each version once, sorted by name. */
export function bundledIn(lock: { packages: Record<string, object> }): Part[]
/** The line under which a part stands. */
export function headingOf(part: Part): string
