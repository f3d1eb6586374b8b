import type { Runtime } from '../../../runtime.ts'
import { createLookUp } from './look-up.ts'
import { createNames, type Names } from './names.ts'
import { SystemFiles, systemPaths } from './system-files.ts'
import { SystemLookup } from './system-lookup.ts'

/** Names as this machine knows them; `servers` are asked instead of its own name servers, where they are given. */
export function createSystemNames(
  runtime: Pick<Runtime, 'elapsedMs' | 'upkeep' | 'log'>,
  servers: readonly string[] | null = null,
): Names {
  const { platform } = process
  const files = new SystemFiles(systemPaths(platform), runtime)
  const system = new SystemLookup()
  return createNames({ lookUp: createLookUp({ runtime, files, servers, system, platform }), runtime })
}
