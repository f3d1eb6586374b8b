import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the disk below a node does. One that lies says of a sync that it is done, and has not begun. */
const MODES = { well: 0, full: 1, failing: 2, lying: 3 } as const

/** A disk that can fail, by a library that is preloaded into the node. */
export interface Disk {
  /** For the node's environment. */
  env: Record<string, string>
  journal: string
  set(mode: keyof typeof MODES): void
}

const SOURCE = join(import.meta.dirname, 'disk.c')

/**
 * Compiles the library into `tools`; files below `folder` are on its disk. Answers with the reason where that cannot be:
 * it is made for Linux, and needs a C compiler.
 */
export function makeDisk(tools: string, folder: string): Disk | string {
  if (process.platform !== 'linux') return 'full and failing disks and power cuts are left out: they need Linux'
  const library = join(tools, 'disk.so')
  try {
    const flags = ['-shared', '-fPIC', '-O2']
    execFileSync('cc', [...flags, '-o', library, SOURCE, '-ldl', '-lpthread'], { stdio: 'pipe' })
  } catch {
    return 'full and failing disks and power cuts are left out: there is no C compiler (cc)'
  }
  const [control, journal] = [join(tools, 'control'), join(tools, 'journal')]
  const set = (mode: keyof typeof MODES) => writeFileSync(control, Buffer.from([MODES[mode]]), { flag: 'r+' })
  writeFileSync(control, Buffer.from([MODES.well]))
  writeFileSync(journal, '')
  const env = { TORTURE_FOLDER: folder, TORTURE_CONTROL: control, TORTURE_JOURNAL: journal, LD_PRELOAD: library }
  return { env, journal, set }
}
