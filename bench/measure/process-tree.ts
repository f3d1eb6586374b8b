import { readdirSync, readFileSync } from 'node:fs'

/** The kernel counts CPU time in these, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** What the kernel knows of processes and of all that they have started, taken together. */
export interface TreeFigures {
  /** User and system time, that of processes which have ended included. */
  cpuSeconds: number
  /** What each has for itself, and its part of what they share. */
  residentBytes: number
}

/** Looks at the processes and their descendants; those that end meanwhile are left out. */
export function treeFigures(pids: readonly number[]): TreeFigures {
  const figures = { cpuSeconds: 0, residentBytes: 0 }
  for (const pid of treeOf(pids)) {
    figures.cpuSeconds += cpuTicks(pid) / TICKS_PER_SECOND
    figures.residentBytes += proportionalBytes(pid)
  }
  return figures
}

/** CPU seconds of processes and their children, without the memory, which takes longer to look at. */
export function treeCpuSeconds(pids: readonly number[]): number {
  return treeOf(pids).reduce((sum, pid) => sum + cpuTicks(pid) / TICKS_PER_SECOND, 0)
}

function treeOf(pids: readonly number[]): number[] {
  const tree = [...pids]
  for (const pid of tree) tree.push(...childrenOf(pid))
  return tree
}

/** Each thread knows the processes that it has started. */
function childrenOf(pid: number): number[] {
  const lists = threadsOf(pid).map((thread) => readProc(`${pid}/task/${thread}/children`) ?? '')
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    // It has ended.
    return []
  }
}

// proc(5): the name in parentheses may hold spaces. After it, utime, stime and, of children that were waited for, cutime
// and cstime are the 12th to 15th fields.
const UTIME = 11

function cpuTicks(pid: number): number {
  const stat = readProc(`${pid}/stat`)
  if (stat === null) return 0
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(UTIME, UTIME + 4).reduce((sum, ticks) => sum + Number(ticks), 0)
}

/** PSS: memory that many processes share, such as PostgreSQL's buffers, counts once and not for each of them. */
function proportionalBytes(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readProc(`${pid}/smaps_rollup`) ?? '')?.[1]
  return Number(kilobytes ?? 0) * 1024
}

function readProc(file: string): string | null {
  try {
    return readFileSync(`/proc/${file}`, 'utf8')
  } catch {
    // It has ended since it was listed.
    return null
  }
}
