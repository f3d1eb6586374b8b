import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Family } from './exposition.ts'

/** The sizes of the database's file and of its log, and the room on their disk. Nothing is told where there is no file. */
export async function diskFamilies(databasePath: string | null): Promise<Family[]> {
  if (databasePath === null) return []
  const [database, log, free] = await Promise.all([
    sizeOf(databasePath),
    sizeOf(`${databasePath}-wal`),
    roomFor(dirname(databasePath)),
  ])
  return [
    ...gauge('discue_database_bytes', "Size of the database's file.", database),
    ...gauge('discue_database_log_bytes', 'Size of its write-ahead log.', log),
    ...gauge('discue_disk_free_bytes', 'Room on their disk, as far as the server may use it.', free),
  ]
}

/** Null where it cannot be told: the log comes and goes. */
async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  )
}

async function roomFor(folder: string): Promise<number | null> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  )
}

function gauge(name: string, help: string, value: number | null): Family[] {
  return value === null ? [] : [{ name, help, type: 'gauge', samples: [{ value }] }]
}
