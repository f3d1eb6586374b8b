import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Missing } from '../load/contender.ts'
import { createFolder, freePort, untilReachable } from '../load/place.ts'
import { type MeasuredProcess, startProgram } from '../measure/process.ts'
import { findProgram } from './programs.ts'

const FOLDERS = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/usr/local/pgsql/bin',
  '/opt/homebrew/opt/postgresql*/bin',
]
/** All commits are synced, which is the default and what the other contenders promise. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  max_connections: '100',
}

/** Starts a PostgreSQL of this machine on an empty cluster. */
export async function startPostgres(): Promise<{ process: MeasuredProcess; url: string }> {
  const command = findProgram('postgres', FOLDERS)
  const initdb = findProgram('initdb', command === null ? [] : [dirname(command)])
  if (command === null || initdb === null) {
    throw new Missing('PostgreSQL is not installed (Debian: apt-get install postgresql)')
  }
  const as = otherUser()
  const folder = createFolder(as === null ? undefined : '/tmp')
  if (as !== null) chownSync(folder, as.uid, as.gid)
  chmodSync(folder, 0o700)
  const data = join(folder, 'data')
  const how = { cwd: folder, stdio: 'ignore', ...as } as const
  execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'], how)
  const port = await freePort()
  const given = { ...SETTINGS, port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: folder }
  const args = ['-D', data, ...Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const process = startProgram('PostgreSQL', { command, args, as })
  await untilReachable(process, port)
  return { process, url: `postgres://postgres@127.0.0.1:${port}/postgres` }
}

/** PostgreSQL refuses to run as root, and brings a user of its own with it. */
function otherUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const idOf = (flag: string) => {
    try {
      return Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }))
    } catch {
      throw new Missing('PostgreSQL does not run as root, and there is no user called postgres')
    }
  }
  return { uid: idOf('-u'), gid: idOf('-g') }
}
