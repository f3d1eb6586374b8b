import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { nextDue } from '../../src/core/schedule/schedule.ts'
import { cronCache, timetable } from './cron-cache.ts'
import { createClient } from './server/client.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from './server/server-process.ts'

const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']

/** How a server is treated that runs schedules over many days of its clock. */
export interface Treatment {
  days: number
  /** How often it is killed within its jumps, and how long at most after one begins. */
  kills: number
  killWithinMs: number
}

/**
 * Runs a schedule for each minute and a daily one in each of three zones on a real server whose clock is moved, kills
 * it at random moments, and then reads from the database that each due time has made exactly one message. Answers with
 * how long the jumps took.
 */
export async function runDays({ days, kills, killWithinMs }: Treatment): Promise<{ tookMs: number; runs: number }> {
  using folder = makeFolder()
  const file = join(folder.path, 'discue.db')
  const env = {
    DISCUE_CLOCK: 'manual',
    DISCUE_DATABASE_URL: `sqlite:${file}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    // Everything is kept, to be counted.
    DISCUE_RETENTION: '3660d',
  }
  let server = await startServerProcess(env)
  const client = createClient(() => server.url)
  const advance = async (ms: number): Promise<number> => {
    const { status, body } = await client.call('POST', '/clock/advance', { ms })
    assert.equal(status, 200, JSON.stringify(body))
    return body.clock.now
  }
  const began = await addSchedules(client)
  const until = (await advance(0)) + days * 86_400_000

  for (let kill = 0; kill < kills; kill++) {
    const left = until - (await advance(0))
    const jump = client.call('POST', '/clock/advance', { ms: left }).catch(() => null)
    await sleep(Math.random() * killWithinMs)
    await server.end('SIGKILL')
    await jump
    server = await startServerProcess(env)
  }
  const startedAt = performance.now()
  const arrivedAt = await advance(Math.max(0, until - (await advance(0))))
  const tookMs = performance.now() - startedAt
  const code = await server.end('SIGTERM')
  assert.equal(code, 0, `it ended with ${code}: ${server.output().stderr}`)
  return { tookMs, runs: expectEachOnce(file, began, arrivedAt) }
}

async function addSchedules(
  client: ReturnType<typeof createClient>,
): Promise<Map<string, { cron: string; zone: string; first: number }>> {
  const { body } = await client.call('POST', '/queues', { name: 'year' })
  const path = `/queues/${body.queue.id}/schedules`
  const wanted = [{ cron: '* * * * *', zone: 'UTC' }, ...ZONES.map((zone) => ({ cron: '30 2 * * *', zone }))]
  const added = new Map()
  for (const { cron, zone } of wanted) {
    const what = { name: zone, cron, timezone: zone, data: '{}', catch_up: 'all' }
    const answer = await client.call('POST', path, what)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    const { id, next_runs } = answer.body.schedule
    added.set(id, { cron, zone, first: next_runs[0] })
  }
  return added
}

function expectEachOnce(file: string, schedules: Awaited<ReturnType<typeof addSchedules>>, until: number): number {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    let all = 0
    for (const [id, { cron, zone, first }] of schedules) {
      const runs = db
        .prepare('select due_at from schedule_runs where schedule_id = ? and message_id is not null order by due_at')
        .all(id)
      const table = timetable(cron, zone)
      let due: number | null = first
      for (const { due_at: dueAt } of runs) {
        assert.equal(dueAt, due, `${cron} in ${zone}`)
        due = nextDue(table, due!, cronCache)
      }
      assert.ok(
        due !== null && due > until,
        `${cron} in ${zone} has run up to ${due}, and the clock stands at ${until}`,
      )
      all += runs.length
    }
    const one = (sql: string) => Number(Object.values(db.prepare(sql).get()!)[0])
    assert.equal(one('select count(*) from messages'), all)
    assert.equal(one('select count(*) from messages m join schedule_runs r on r.message_id = m.id'), all)
    assert.equal(one('select count(distinct message_id) from schedule_runs'), all)
    return all
  } finally {
    db.close()
  }
}
