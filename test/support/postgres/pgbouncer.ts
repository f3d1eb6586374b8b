import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../../../torture/servers/ports.ts'
import { waitFor } from '../wait-for.ts'
import { unprivileged } from './postgres-binaries.ts'

/** A PgBouncer of our own in front of a PostgreSQL. */
export interface PgBouncer {
  /** The URL of a database behind it. */
  urlOf(url: string): string
  stop(): Promise<void>
}

export const NO_PGBOUNCER = 'no pgbouncer: bash scripts/ensure-pgbouncer.sh installs it, where Debian packages may be'

export function findPgBouncer(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path)) ?? null
}

/** A test that fails does not come to its end, where it would have stopped it. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts one in front of the server at `url`. `settings` are lines of its section `pgbouncer`, such as `pool_mode`; users
 * get in without a password.
 */
export async function startPgBouncer(url: string, settings: Record<string, string | number>): Promise<PgBouncer> {
  const { hostname, port: serverPort, username } = new URL(url)
  const port = Number(settings.listen_port ?? (await freePort()))
  const folder = mkdtempSync(join(tmpdir(), 'discue-pgbouncer-'))
  const own = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'trust',
    max_client_conn: 500,
  }
  const lines = Object.entries({ ...own, auth_file: join(folder, 'users'), ...settings })
  writeFileSync(join(folder, 'users'), `"${username}" ""\n`)
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]\n* = host=${hostname} port=${serverPort}\n[pgbouncer]\n${lines.map(([name, value]) => `${name} = ${value}`).join('\n')}\n`,
  )
  const user = unprivileged()
  if (user.uid !== undefined)
    for (const path of ['.', 'users', 'pgbouncer.ini']) chownSync(join(folder, path), user.uid, user.gid!)
  const child = spawn(findPgBouncer()!, [join(folder, 'pgbouncer.ini')], {
    ...user,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  running.add(child)
  let output = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-4_000)
  })
  const exit = once(child, 'exit')
  await waitFor('a PgBouncer that answers', () => {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended with ${child.exitCode}: ${output}`)
    return accepts(port)
  })
  return {
    urlOf(it) {
      const through = new URL(it)
      through.port = String(port)
      through.hostname = '127.0.0.1'
      return through.href
    },
    async stop() {
      child.kill('SIGKILL')
      await exit
      running.delete(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return connected
}
