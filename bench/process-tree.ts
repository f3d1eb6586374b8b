import { readdirSync, readFileSync } from 'node:fs'

/** The kernel counts CPU time in these, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** What the kernel knows of a process and of all that it has started, taken together. */
export interface TreeFigures {
  /** User and system time, that of processes which have ended included. */
  cpuSeconds: number
  /** What each has for itself, and its part of what they share. */
  residentBytes: number
}

/** Looks at the process and its descendants; those that end meanwhile are left out. */
export function treeFigures(pid: number): TreeFigures {
  const figures = { cpuSeconds: 0, residentBytes: 0 }
  for (const member of treeOf(pid)) {
    const fields = fieldsOf(member)
    if (fields === null) continue
    figures.cpuSeconds += cpuTicks(fields) / TICKS_PER_SECOND
    figures.residentBytes += proportionalBytes(member)
  }
  return figures
}

/** The process and everything below it. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? fieldsOf(Number(name)) : null
    if (fields === null) continue
    const parent = Number(fields[PARENT])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const tree = [pid]
  for (const member of tree) tree.push(...(children.get(member) ?? []))
  return tree
}

// proc(5): the name in parentheses may hold spaces. After it come the state, the parent (4th field of the file), …,
// utime, stime and, of children that were waited for, cutime and cstime (14th to 17th).
const PARENT = 1
const UTIME = 11

function fieldsOf(pid: number): string[] | null {
  const stat = readProc(pid, 'stat')
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function cpuTicks(fields: string[]): number {
  return fields.slice(UTIME, UTIME + 4).reduce((sum, ticks) => sum + Number(ticks), 0)
}

/** PSS: memory that many processes share, such as PostgreSQL's buffers, counts once and not for each of them. */
function proportionalBytes(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readProc(pid, 'smaps_rollup') ?? '')?.[1]
  return Number(kilobytes ?? 0) * 1024
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // It has ended since it was listed.
    return null
  }
}
