//   node bench/peers/bullmq.mjs <port of Redis>
import { Queue, Worker } from 'bullmq'
import { serve } from './carrier.mjs'

/** A worker's connection blocks while there is nothing to do, and must not give up meanwhile. */
const connection = { host: '127.0.0.1', port: Number(process.argv[2]), maxRetriesPerRequest: null }
const defaultJobOptions = {
  attempts: 16,
  backoff: { type: 'exponential', delay: 1000 },
  removeOnComplete: true,
}
/** As many as there are connections of the load generator; more than that gains nothing. */
const CONCURRENCY = 64

const queue = new Queue('bench', { connection, defaultJobOptions })
await queue.waitUntilReady()

await serve({
  async add(jobs) {
    if (jobs.length === 1) await queue.add('deliver', jobs[0])
    else await queue.addBulk(jobs.map((data) => ({ name: 'deliver', data })))
  },
  async work(run) {
    await new Worker('bench', (job) => run(job.data), { connection, concurrency: CONCURRENCY }).waitUntilReady()
  },
  pending: () => queue.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized'),
})
