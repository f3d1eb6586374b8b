// Who is told of which change: on the node that wrote it before its write is answered, on another node soon after, and
// the same on both.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { followChanges } from '../../src/app/caches/follow-changes.ts'
import { createRuntime } from '../../src/runtime.ts'
import type { Store } from '../../src/store/store.ts'
import { openThreadedSqliteStore } from '../../src/store-sqlite/thread/threaded.ts'
import { createMake, NOW } from '../store/make.ts'
import { followersOf } from '../support/followers.ts'
import { openMemoryStore } from '../support/memory-store.ts'
import { testDatabase } from '../support/postgres/postgres.ts'
import { silentLog } from '../support/silent-log.ts'
import { waitFor } from '../support/wait-for.ts'
import { CHANGE_CASES, storeAll } from './change-cases.ts'

const folder = mkdtempSync(join(tmpdir(), 'discue-changes-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const database = await testDatabase()
const runtime = createRuntime(silentLog)

/** Everything that a process is told, a line each: the part, its method, and the names that it is told. */
function linesOf(store: Store): string[] {
  const lines: string[] = []
  const nameOf = (ask: unknown) => (typeof ask === 'object' ? (ask as { id: string }).id : ask)
  const followers = followersOf((part, method, ...asks) => {
    // A queue is told with its organization before it; times are another test's.
    const names = asks.filter((ask) => typeof ask !== 'number').map(nameOf)
    lines.push([`${part}.${method}`, ...(part === 'directory' ? names.slice(1) : names)].join(' '))
  })
  followChanges({ store, runtime: { log: silentLog } }, followers)
  return lines
}

/** In the order of parts; a part is told of several listeners in any order. */
function ordered(lines: readonly string[]): string[] {
  const groups: string[][] = []
  for (const line of lines) {
    const last = groups.at(-1)
    if (last !== undefined && last[0]!.split(' ')[0] === line.split(' ')[0]) last.push(line)
    else groups.push([line])
  }
  return groups.flatMap((group) => group.toSorted())
}

/** Another node: what it is told, and how to know that it was told all that was written before. */
interface OtherNode {
  lines: string[]
  heardAll(): Promise<void>
}

async function runCases(t: TestContext, store: Store, other: OtherNode | null): Promise<void> {
  const given = { store, make: createMake(), now: NOW }
  const stored = await storeAll(given)
  const lines = linesOf(store)
  await other?.heardAll()
  for (const { what, write } of Object.values(CHANGE_CASES).flat()) {
    lines.length = 0
    if (other !== null) other.lines.length = 0
    const expected = ordered(await write(given, stored))
    const told = ordered(lines)
    await t.test(what, async () => {
      assert.deepEqual(told, expected)
      if (other === null) return
      await waitFor('changes on the other node', () => other.lines.length, expected.length)
      // It reads a listener by itself, and hears what is due a moment later.
      assert.deepEqual(other.lines.toSorted(), expected.toSorted())
    })
  }
  await other?.heardAll()
  if (other !== null) assert.deepEqual(other.lines.toSorted(), lines.toSorted(), 'nothing comes late')
}

describe('every change in the store is told to the caches and parts that keep some of it', () => {
  test('on SQLite, within a process', async (t) => {
    const store = await openMemoryStore()
    t.after(() => store.close())
    await runCases(t, store, null)
  })

  test('on SQLite, from the thread of the database', async (t) => {
    const store = await openThreadedSqliteStore(join(folder, 'changes.db'))
    t.after(() => store.close())
    await runCases(t, store, null)
  })

  test('on PostgreSQL, on the node that wrote it and on another', async (t) => {
    const store = await database.openEmpty(runtime, { clock: 'caller' })
    const second = await database.open(runtime, { clock: 'caller' })
    t.after(() => Promise.all([store.close(), second.close()]))
    const lines = linesOf(second)
    const heardAll = async () => {
      // Twice: what is due goes with the news that the node tells, after them.
      for (const source of ['once', 'twice']) {
        store.tell({ kind: 'key_rejected', source })
        await waitFor('the news', () => lines.includes(`lockOut.failed ${source}`))
      }
      for (const line of ['lockOut.failed once', 'lockOut.failed twice']) lines.splice(lines.indexOf(line), 1)
    }
    await runCases(t, store, { lines, heardAll })
  })
})

test('a deleted listener, queue or organization wakes the remover of its own node, with or without listeners', async (t) => {
  const store = await openMemoryStore()
  t.after(() => store.close())
  const { ordered: queue, listener, organization } = await storeAll({ store, make: createMake(), now: NOW })
  const lines = linesOf(store)
  const woken = () => lines.splice(0).filter((line) => line === 'remover.wake').length
  const { organizationId, queueId, id } = listener
  await store.listeners.delete({ organizationId, queueId, id, now: NOW })
  assert.equal(woken(), 1)
  await store.queues.delete({ organizationId, id: queue.id, now: NOW })
  assert.equal(woken(), 1)
  await store.organizations.delete({ id: organization.id })
  assert.equal(woken(), 1)
})

test('a part that fails keeps neither the next one from being told nor the write from being answered', async (t) => {
  const store = await openMemoryStore()
  t.after(() => store.close())
  const { listener } = await storeAll({ store, make: createMake(), now: NOW })
  const told: string[] = []
  const logged: unknown[] = []
  const followers = followersOf((part) => {
    told.push(part)
    if (part === 'checks') throw new Error('a fault')
  })
  const log = { ...silentLog, error: (fields: object) => void logged.push(fields) }
  followChanges({ store, runtime: { log } }, followers)
  const { organizationId, queueId, id } = listener
  assert.equal(await store.listeners.delete({ organizationId, queueId, id, now: NOW }), 'deleted')
  assert.deepEqual(told, ['directory', 'checks', 'lanes', 'pulls', 'remover'])
  assert.deepEqual(logged.length, 1)
})
