import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Schedule } from '../../../src/core/schedule/schedule.ts'
import { createDueTurns } from '../../../src/engine/schedule/due-turns.ts'
import type { Store } from '../../../src/store/store.ts'
import { openSqliteStore } from '../../../src/store-sqlite/database.ts'
import { createMake, NOW } from '../../store/make.ts'

const make = createMake()

async function organizationWith(store: Store, dueAts: readonly number[]): Promise<Schedule[]> {
  const organization = make.organization()
  await store.organizations.create(organization, make.ownerKey(organization))
  const queue = make.queue(organization)
  await store.queues.create(queue)
  const schedules = dueAts.map(() => make.schedule(queue))
  for (const [index, dueAt] of dueAts.entries()) await store.schedules.create(schedules[index]!, dueAt)
  return schedules
}

/** Reads rounds until nothing is due any more, each schedule being done once read; answers with their ids by round. */
async function readAll(store: Store, at: (round: number) => number, limit: number): Promise<string[][]> {
  const turns = createDueTurns(store.schedules)
  const rounds: string[][] = []
  for (let round = 0; ; round++) {
    assert.ok(round < 1_000, 'the rounds never end')
    const { organizations } = await turns.read({ until: at(round), limit })
    const due = organizations.flatMap((own) => own.due)
    if (due.length === 0) return rounds
    rounds.push(due.map(({ schedule }) => schedule.id))
    const steps = due.map(({ schedule, revision, nextAt: from }) => {
      return { scheduleId: schedule.id, revision, from, messageBefore: null, nextAt: null, runs: [] }
    })
    assert.ok((await store.schedules.step(steps)).every((result) => result === 'stepped'))
  }
}

const roundOf = (rounds: string[][], { id }: Schedule) => rounds.findIndex((ids) => ids.includes(id))

test('what is due of one organization has its turn at once, however much of another is due before it', async () => {
  const store = await openSqliteStore(':memory:', { aside: false })
  const greedy = await organizationWith(store, Array(500).fill(NOW - 1_000))
  const [late] = await organizationWith(store, [NOW])
  const [later] = await organizationWith(store, [NOW + 5])
  const rounds = await readAll(store, (round) => NOW + round, 10)
  assert.ok(roundOf(rounds, late!) <= 1, `in round ${roundOf(rounds, late!)}`)
  const laterIn = roundOf(rounds, later!)
  assert.ok(laterIn >= 5 && laterIn <= 6, `what becomes due in round 5 was read in ${laterIn}`)
  assert.equal(new Set(rounds.flat()).size, greedy.length + 2)
  assert.equal(rounds.flat().length, greedy.length + 2)
  await store.close()
})

test('organizations that all have much due take turns, and those with little are not asked to wait for them', async () => {
  const store = await openSqliteStore(':memory:', { aside: false })
  const many = await Promise.all([100, 100, 100].map((count) => organizationWith(store, Array(count).fill(NOW - 9))))
  const little = await Promise.all(Array.from({ length: 30 }, () => organizationWith(store, [NOW])))
  const rounds = await readAll(store, () => NOW, 10)
  const ends = little.map(([one]) => roundOf(rounds, one!))
  assert.ok(Math.max(...ends) <= 8, `read in rounds ${ends}`)
  for (const own of many) assert.ok(own.every((one) => roundOf(rounds, one) >= 0))
  await store.close()
})

test('a clock that is set back loses no schedule', async () => {
  const store = await openSqliteStore(':memory:', { aside: false })
  const early = await organizationWith(store, Array(40).fill(NOW - 100))
  const other = await organizationWith(store, Array(40).fill(NOW - 100))
  const [between] = await organizationWith(store, [NOW - 10])
  const times = [NOW, NOW - 50, NOW - 40, NOW - 20, NOW - 5]
  const rounds = await readAll(store, (round) => times[round] ?? NOW, 10)
  for (const one of [...early, ...other, between!]) assert.ok(roundOf(rounds, one) >= 0)
  await store.close()
})
