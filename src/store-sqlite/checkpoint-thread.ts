// Moves what is in the log into the database, each time it is asked to, and tells when that is over.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** Does what it can without keeping anybody waiting; the log is synced before the database is written. */
const MOVE = 'pragma wal_checkpoint(passive)'

const db = new DatabaseSync(workerData as string)
db.exec('pragma synchronous = full')
const move = db.prepare(MOVE)

parentPort!.on('message', () => {
  try {
    move.get()
  } catch {
    // On a full disk, say: whoever asked tries again, and goes by what is left in the log.
  }
  parentPort!.postMessage(null)
})
