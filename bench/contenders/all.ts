import type { Contender } from '../load/contender.ts'
import { startDiscueContender } from './discue.ts'
import { startPeer } from './peer.ts'
import { startPostgres } from './postgres.ts'
import { type Sync, startRedis } from './redis.ts'

/** Starts each contender with everything that it needs. Throws `Missing` where the machine lacks something. */
export const contenders: Record<string, () => Promise<Contender>> = {
  'discue on SQLite': () => startDiscueContender('discue on SQLite'),
  'discue on PostgreSQL': async () => startDiscueContender('discue on PostgreSQL', await startPostgres()),
  'BullMQ, everysec': () => startBullMq('everysec'),
  'BullMQ, always': () => startBullMq('always'),
  'pg-boss': () => startOnPostgres('pg-boss', 'pg-boss.mjs'),
  'graphile-worker': () => startOnPostgres('graphile-worker', 'graphile-worker.mjs'),
}

async function startBullMq(sync: Sync): Promise<Contender> {
  const { process, port } = await startRedis(sync)
  return startPeer(`BullMQ, ${sync}`, { script: 'bullmq.mjs', args: [String(port)], database: process })
}

async function startOnPostgres(name: string, script: string): Promise<Contender> {
  const { process, url } = await startPostgres()
  return startPeer(name, { script, args: [url], database: process })
}
