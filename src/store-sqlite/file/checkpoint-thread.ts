// Moves what is in the log into the database, each time it is asked to, and tells when that is over.
import { fsyncSync } from 'node:fs'
import { setPriority } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { DatabaseFile } from './checkpoints.ts'

/** Does what it can without keeping commits waiting; the log is synced before the database is written. */
const MOVE = 'pragma wal_checkpoint(passive)'
const LOOK = 'pragma wal_checkpoint(noop)'

/** Pages that are left to the thread that asked: about one commit of the larger ones. */
const FEW_PAGES = 64
/** Of one request: what is committed during one is moved by the next, and takes a fraction of the time. */
const MAX_PASSES = 3
/** No client waits for this thread, and clients and listeners wait for the others of the process. */
const NICE = 10

const { path, file } = workerData as DatabaseFile
// Only on Linux has a thread a priority of its own; elsewhere the whole process would get it.
if (process.platform === 'linux') setPriority(0, NICE)
const db = new DatabaseSync(path)
db.exec('pragma synchronous = full')
const [move, look] = [db.prepare(MOVE), db.prepare(LOOK)]

/**
 * SQLite syncs the database only where all of the log is in it, which would be the end of the last pass, in the thread
 * that commits; and it would take as long as all passes have written.
 */
function moveAndSync(): number {
  move.get()
  fsyncSync(file)
  const { log, checkpointed } = look.get() as { log: number; checkpointed: number }
  return log - checkpointed
}

parentPort!.on('message', () => {
  try {
    for (let pass = 0; pass < MAX_PASSES && moveAndSync() > FEW_PAGES; pass++);
  } catch {
    // On a full disk, say: the thread that asked tries again, and goes by what is left in the log.
  }
  parentPort!.postMessage(null)
})
