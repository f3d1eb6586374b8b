import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Missing } from '../load/contender.ts'

const ROOT = '/sys/fs/cgroup'
/** Short, so that who has used up its share stands still for some milliseconds only; longer than the kernel's least, 1 ms. */
const PERIOD_US = 10_000
let made = 0

/** Where the kernel's control groups for processor time are, and how one is told its share. */
const HIERARCHIES = [
  { at: ROOT, known: 'cgroup.subtree_control', settings: (us: number) => ({ 'cpu.max': `${us} ${PERIOD_US}` }) },
  {
    at: join(ROOT, 'cpu'),
    known: 'cpu.cfs_quota_us',
    settings: (us: number) => ({ 'cpu.cfs_period_us': String(PERIOD_US), 'cpu.cfs_quota_us': String(us) }),
  },
]

/** A group of the kernel's with one process in it, all of its threads together. */
export interface CpuGroup extends Disposable {
  /** From now on it has that share of one core and no more: with 0.25 it runs for 2.5 ms of each 10. */
  limit(share: number): void
}

/**
 * Puts a process into a group of its own, which limits nothing yet. The group must be empty when it is disposed of: end
 * the process first. Throws Missing where this machine does not let us.
 */
export function groupCpu(pid: number): CpuGroup {
  const hierarchy = HIERARCHIES.find(({ at, known }) => existsSync(join(at, known)))
  if (hierarchy === undefined) throw new Missing('a share of a core needs control groups (cgroup) of Linux')
  const folder = join(hierarchy.at, `discue-bench-${process.pid}-${++made}`)
  try {
    mkdirSync(folder)
    writeFileSync(join(folder, 'cgroup.procs'), String(pid))
  } catch (error) {
    throw new Missing(`a share of a core needs the right to make control groups in ${hierarchy.at}`, { cause: error })
  }
  function limit(share: number): void {
    const settings = hierarchy!.settings(Math.round(share * PERIOD_US))
    for (const [file, value] of Object.entries(settings)) writeFileSync(join(folder, file), value)
  }
  return { limit, [Symbol.dispose]: () => rmdirSync(folder) }
}
