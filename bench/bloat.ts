// What load leaves behind in PostgreSQL: dead rows and the size of each table, before, during and after.
//   node bench/bloat.ts --seconds 3600
//   node bench/bloat.ts --seconds 600 --rate 400 --retention 60s    (what retention by deletion leaves)

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startPostgres } from './contenders/postgres.ts'
import { startDiscue } from './load/discue.ts'
import { startTarget } from './load/target.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    connections: { type: 'string', default: '32' },
    /** Messages a second; 0 is as fast as they are answered. */
    rate: { type: 'string', default: '0' },
    retention: { type: 'string', default: '7d' },
  },
})
const SECONDS = Number(values.seconds)
const CONNECTIONS = Number(values.connections)
/** Between two posts of one connection. */
const PAUSE_MS = Number(values.rate) === 0 ? 0 : (CONNECTIONS / Number(values.rate)) * 1_000
const EVERY_S = Math.max(5, Math.round(SECONDS / 12))

const SIZES = `
  select relname as table, n_live_tup::int as live, n_dead_tup::int as dead, autovacuum_count::int as vacuums,
         pg_relation_size(relid)::bigint as rows, pg_indexes_size(relid)::bigint as indexes
    from pg_stat_user_tables where schemaname = 'discue' and pg_total_relation_size(relid) > 65536 
   order by pg_total_relation_size(relid) desc`

interface Size {
  table: string
  live: number
  dead: number
  vacuums: number
  rows: string
  indexes: string
}

const postgres = await startPostgres()
await using target = await startTarget()
await using discue = await startDiscue({
  postgres,
  env: { DISCUE_RETENTION: values.retention, DISCUE_EVENT_RETENTION: values.retention },
})
const queueId = await discue.createQueue('bench')
await discue.addListener(queueId, { name: 'receiver', notify_url: target.ok })
const { urls, key } = discue.inlet('bench', queueId)
const client = new pg.Client({ connectionString: postgres.url })
await client.connect()

let posted = 0
let stopped = false
const data = JSON.stringify({ data: 'x'.repeat(256) })
const posters = Array.from({ length: CONNECTIONS }, async (_, lane) => {
  const startedAt = performance.now() + (lane / CONNECTIONS) * PAUSE_MS
  for (let turn = 0; !stopped; turn++) {
    if (PAUSE_MS > 0) await sleep(Math.max(0, startedAt + turn * PAUSE_MS - performance.now()))
    const headers = { 'content-type': 'application/json', 'x-api-key': key ?? '' }
    const answer = await fetch(urls[0]!, { method: 'POST', headers, body: data })
    if (answer.status !== 200) throw new Error(`a post was answered ${answer.status}`)
    await answer.arrayBuffer()
    posted += 1
  }
})

async function report(label: string): Promise<void> {
  const { rows } = await client.query<Size>(SIZES)
  console.log(`\n${label}: ${posted} messages posted`)
  console.table(
    rows.map(({ rows: heap, indexes, ...one }) => ({
      ...one,
      'rows MB': megabytes(heap),
      'indexes MB': megabytes(indexes),
    })),
  )
}

function megabytes(bytes: string): number {
  return Math.round(Number(bytes) / 1e5) / 10
}

for (let at = 0; at < SECONDS; at += EVERY_S) {
  await sleep(EVERY_S * 1_000)
  await report(`after ${at + EVERY_S} s`)
}
stopped = true
await Promise.all(posters)
await discue.inlet('bench', queueId).settled()
// Autovacuum looks around once a minute.
await sleep(65_000)
await report('a minute after the last one was delivered')
await client.end()
