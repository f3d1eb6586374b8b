import { join } from 'node:path'
import { Missing } from '../load/contender.ts'
import { createFolder, freePort, untilReachable } from '../load/place.ts'
import { type MeasuredProcess, startProgram } from '../measure/process.ts'
import { findProgram } from './programs.ts'

/** How often Redis syncs its log of appends to disk: once a second, or before each answer. */
export type Sync = 'everysec' | 'always'

/** Starts a Redis of this machine as its documentation advises for job queues: log of appends, nothing evicted. */
export async function startRedis(sync: Sync): Promise<{ process: MeasuredProcess; port: number }> {
  const command = findProgram('redis-server', [])
  if (command === null) throw new Missing('redis-server is not installed (Debian: apt-get install redis-server)')
  const port = await freePort()
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: join(createFolder()),
    appendonly: 'yes',
    appendfsync: sync,
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const process = startProgram('redis-server', { command, args })
  await untilReachable(process, port)
  return { process, port }
}
