import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type PostgresServer, startPostgres } from '../support/postgres/postgres-server.ts'
import { allArrived, duplicates, makeQueue, Posters, startCluster } from '../support/server/cluster.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { waitFor } from '../support/wait-for.ts'

const timeout = 180_000

async function query(server: PostgresServer, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.urlOf('postgres') })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** A server that follows the primary, which from then on commits nothing that is not on both. */
async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  const from = `host=127.0.0.1 port=${primary.port} user=postgres application_name=standby`
  const standby = await startPostgres({
    durable: true,
    prepare: (folder, run) => run('pg_basebackup', '-D', folder, '-d', from, '-R', '-X', 'stream', '-c', 'fast'),
  })
  await query(primary, `alter system set synchronous_standby_names = 'standby'`)
  await query(primary, 'select pg_reload_conf()')
  await waitFor('a standby that follows', async () => {
    const [row] = await query(primary, 'select sync_state from pg_stat_replication')
    return row?.sync_state === 'sync'
  })
  return standby
}

test('a primary that dies leaves its standby everything that was answered 200, and the nodes go on there', {
  timeout,
}, async (t) => {
  const receiver = await startReceiver((_, response) => setTimeout(() => response.end(), 10))
  const primary = await startPostgres({ durable: true })
  const standby = await startStandby(primary)
  const url = `postgres://postgres@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/postgres?target_session_attrs=read-write`
  try {
    const cluster = await startCluster([url, url])
    const queueId = await makeQueue(cluster.client, [receiver])
    const posters = new Posters(cluster.client, queueId)
    await sleep(2_000)
    await primary.end('SIGKILL')
    const before = posters.accepted.size
    await query(standby, 'select pg_promote()')
    const promotedAt = performance.now()
    await waitFor('posts accepted after the promotion', () => posters.accepted.size - before, 100)
    t.diagnostic(`a hundred posts were taken ${Math.round(performance.now() - promotedAt)} ms after the promotion`)
    await posters.stop()
    await allArrived([receiver], posters.accepted)
    assert.ok(before > 100, `only ${before} messages were accepted before`)
    const share = (duplicates(receiver) * 100).toFixed(2)
    t.diagnostic(`${posters.accepted.size} accepted, ${posters.refused} refused, ${share} % duplicates`)
    await cluster.stop()
  } finally {
    await standby.remove()
    await primary.remove()
  }
})
