//   node bench/peers/pg-boss.mjs <URL of PostgreSQL>
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { serve } from './carrier.mjs'

const QUEUE = 'bench'
/** Woken by notifications, and fetching on without a pause while there is more. */
const WORK = {
  localConcurrency: 4,
  batchSize: 64,
  perJobResults: true,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
}
const connectionString = process.argv[2]
const boss = new PgBoss({ connectionString, max: 24, useListenNotify: true })
boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`))
await boss.start()
await boss.createQueue(QUEUE, { notify: true, retryLimit: 16, retryBackoff: true })
const pool = new pg.Pool({ connectionString, max: 1 })

/** Of each job by itself, so that one that failed does not repeat the others of its batch. */
async function outcomeOf(job, run) {
  try {
    await run(job.data)
    return { id: job.id, status: 'completed' }
  } catch (error) {
    return { id: job.id, status: 'failed', output: { message: error.message } }
  }
}

await serve({
  async add(jobs) {
    if (jobs.length === 1) await boss.send(QUEUE, jobs[0])
    else
      await boss.insert(
        QUEUE,
        jobs.map((data) => ({ data })),
      )
  },
  async work(run) {
    await boss.work(QUEUE, WORK, (jobs) => Promise.all(jobs.map((job) => outcomeOf(job, run))))
  },
  async pending() {
    const { rows } = await pool.query(
      "select count(*)::int as pending from pgboss.job where name = $1 and state < 'completed'",
      [QUEUE],
    )
    return rows[0].pending
  },
})
