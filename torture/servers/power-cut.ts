import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import type { Random } from '../plan/random.ts'

/** What a write replaced, as the preloaded library noted it (`disk.c`). */
interface Replaced {
  /** Where the record begins in the journal. */
  at: number
  path: string
  offset: number
  /** How much was written; 0 where the file was cut to `offset`. */
  bytes: number
  old: Buffer
  /** The size of the file before. */
  oldSize: number
}

const HEAD_BYTES = 48
const SYNCED = 2n

/** What no sync has made durable, oldest first. */
function unsyncedIn(journal: Buffer): Replaced[] {
  const writes: Replaced[] = []
  const durable = new Map<string, number>()
  for (let at = 0; at + HEAD_BYTES <= journal.length; ) {
    const [kind, pathBytes, offset, bytes, oldBytes, oldSize] = Array.from({ length: 6 }, (_, place) =>
      journal.readBigUInt64LE(at + place * 8),
    ) as [bigint, bigint, bigint, bigint, bigint, bigint]
    const pathEnd = at + HEAD_BYTES + Number(pathBytes)
    const end = pathEnd + Number(oldBytes)
    // The node was killed while it noted this one, before it wrote anything.
    if (end > journal.length) break
    const path = journal.toString('utf8', at + HEAD_BYTES, pathEnd)
    if (kind === SYNCED) durable.set(path, Math.max(durable.get(path) ?? 0, Number(offset)))
    else {
      const old = journal.subarray(pathEnd, end)
      writes.push({ at, path, offset: Number(offset), bytes: Number(bytes), old, oldSize: Number(oldSize) })
    }
    at = end
  }
  return writes.filter(({ at, path }) => at >= (durable.get(path) ?? 0))
}

/** A disk writes a sector as a whole, or not at all. */
const SECTOR_BYTES = 512

/**
 * Takes back what was not synced, as when the power fails: all of it, or some sectors of it, in whatever order. The node
 * must be gone. Afterwards the journal is empty, for what is on the disk then is durable.
 */
export function cutPower(journalPath: string, random: Random): void {
  const writes = unsyncedIn(readFileSync(journalPath))
  const keptShare = random.pick([0, 0, 50, 90])
  for (const [path, own] of Map.groupBy(writes, (write) => write.path)) {
    if (existsSync(path)) takeBack(path, own, (): boolean => random.percent(keptShare))
  }
  truncateSync(journalPath)
}

function takeBack(path: string, writes: readonly Replaced[], isKept: () => boolean): void {
  const file = openSync(path, 'r+')
  try {
    const present = Buffer.alloc(statSync(path).size)
    readSync(file, present, 0, present.length, 0)
    for (const { offset, old, oldSize } of writes.toReversed()) {
      if (old.length > 0) writeSync(file, old, 0, old.length, offset)
      ftruncateSync(file, oldSize)
    }
    for (const sector of sectorsOf(writes)) {
      const from = sector * SECTOR_BYTES
      const length = Math.min(SECTOR_BYTES, present.length - from)
      if (length > 0 && isKept()) writeSync(file, present, from, length, from)
    }
  } finally {
    closeSync(file)
  }
}

function sectorsOf(writes: readonly Replaced[]): Set<number> {
  const sectors = new Set<number>()
  for (const { offset, bytes } of writes) {
    for (let sector = Math.floor(offset / SECTOR_BYTES); sector * SECTOR_BYTES < offset + bytes; sector++)
      sectors.add(sector)
  }
  return sectors
}

/** Shared memory does not survive either. */
export function forgetMemory(databasePath: string): void {
  rmSync(`${databasePath}-shm`, { force: true })
}
