import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { performance } from 'node:perf_hooks'
import { root } from '../load/place.ts'
import { spreadOf } from './spread.ts'

const SYNCS = 200
/** What an idle machine's own doings come to, generously. */
const IDLE_LOAD_AVERAGE = 0.5

/** What the figures depend on more than on any server. */
export interface Machine {
  cpu: string
  cores: number
  memoryGigabytes: number
  system: string
  node: string
  /** Median of writing 4 KiB to the disk of the repository and waiting until they are on it. */
  syncMilliseconds: number
  /** Processes that ran or wanted to, on average over the minute before. */
  loadAverage: number
}

/** Looks the machine over; takes as long as 200 syncs of its disk. */
export function describeMachine(): Machine {
  const processors = cpus()
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGigabytes: Math.round(totalmem() / 1e9),
    system: `${process.platform} ${release()}`,
    node: process.version,
    syncMilliseconds: Number(measureSync().toFixed(3)),
    loadAverage: Number(loadavg()[0]!.toFixed(2)),
  }
}

export function showMachine(machine: Machine): string {
  const { cpu, cores, memoryGigabytes, system, node, syncMilliseconds } = machine
  return `${cores} × ${cpu}, ${memoryGigabytes} GB, ${system}, Node.js ${node}, ${syncMilliseconds} ms a disk sync`
}

/** Why figures of this moment would not be worth much; null where nothing speaks against them. */
export function disturbance({ loadAverage }: Machine): string | null {
  if (loadAverage <= IDLE_LOAD_AVERAGE) return null
  return `the machine is not idle (load average ${loadAverage}): the figures will tell of that too`
}

function measureSync(): number {
  mkdirSync(root('data'), { recursive: true })
  const folder = mkdtempSync(root('data', 'bench-'))
  const file = openSync(`${folder}/sync`, 'w')
  try {
    return spreadOf(Array.from({ length: SYNCS }, () => syncOnce(file))).median
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
}

function syncOnce(file: number): number {
  const start = performance.now()
  writeSync(file, Buffer.alloc(4096, 1))
  fdatasyncSync(file)
  return performance.now() - start
}
