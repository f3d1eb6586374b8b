// Every promise of a store through its thread, as a server has it. A thread of its own for each of the cases takes most of
// the time: the quick tests run them in memory, and cross to the thread in the tests of the engine and of whole servers.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openThreadedSqliteStore } from '../../../src/store-sqlite/thread/threaded.ts'
import { runStoreCases } from '../suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'discue-threaded-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0

runStoreCases('sqlite in a file and a thread', () => openThreadedSqliteStore(join(folder, `${++files}.db`)))
