import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A node's clock on the wall, by a library that is preloaded into it; what timers go by is left as it is. */
export interface MovedClock {
  /** For the node's environment. */
  env: Record<string, string>
  /** Sets it so far ahead of the real one (ms, below 0: behind it). The node sees it within a second. */
  setAhead(ms: number): void
}

/** Why no clock can be moved here, or null. */
export const CANNOT_MOVE = findLibrary() === null ? 'clock jumps are left out: there is no libfaketime' : null

/** Makes the clock of a node, told by a file in `tools`. Throws where there is no library for it. */
export function makeClock(tools: string, node = 0): MovedClock {
  const library = findLibrary()
  if (library === null) throw new Error(CANNOT_MOVE!)
  const file = join(tools, `ahead-${node}`)
  const setAhead = (ms: number) => writeFileSync(file, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1_000}\n`)
  setAhead(0)
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    setAhead,
  }
}

/** Several of such environments as one: what they preload is preloaded one after the other. */
export function together(...environments: Record<string, string>[]): Record<string, string> {
  const preloaded = environments.flatMap(({ LD_PRELOAD }) => LD_PRELOAD ?? [])
  return { ...Object.assign({}, ...environments), ...(preloaded.length > 0 && { LD_PRELOAD: preloaded.join(':') }) }
}

/** Debian's package `libfaketime`; null where it is not installed. */
function findLibrary(): string | null {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib') : []
  const files = folders.map((folder) => join('/usr/lib', folder, 'faketime', 'libfaketimeMT.so.1'))
  return files.find((file) => existsSync(file)) ?? null
}
