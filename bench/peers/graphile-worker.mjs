//   node bench/peers/graphile-worker.mjs <URL of PostgreSQL>
import { Logger, makeWorkerUtils, run as startRunner } from 'graphile-worker'
import pg from 'pg'
import { serve } from './carrier.mjs'

/** The batching that its page on performance names as the fastest, and its concurrency there with room for 64 posts. */
const worker = {
  concurrentJobs: 64,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
}
const pgPool = new pg.Pool({ connectionString: process.argv[2], max: 24 })
const logger = new Logger(() => () => {})
const utils = await makeWorkerUtils({ pgPool, logger })
await utils.migrate()

await serve({
  async add(jobs) {
    if (jobs.length === 1) await utils.addJob('deliver', jobs[0])
    else await utils.addJobs(jobs.map((payload) => ({ identifier: 'deliver', payload })))
  },
  async work(run) {
    await startRunner({
      pgPool,
      logger,
      preset: { worker },
      taskList: { deliver: (job) => run(job) },
      noHandleSignals: true,
    })
  },
  async pending() {
    const { rows } = await pgPool.query('select count(*)::int as pending from graphile_worker.jobs')
    return rows[0].pending
  },
})
