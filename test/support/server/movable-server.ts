import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createClient } from './client.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from './server-process.ts'

/** Debian's package `libfaketime`; null where it is not installed. */
const LIBRARY = findLibrary()

/** Why such tests cannot run here, or false. */
export const CANNOT_MOVE = LIBRARY === null ? 'this machine has no libfaketime, by which clocks are moved' : false

/** A real server whose clock on the wall can be set while it runs; what timers go by is left as it is. */
export interface MovableServer {
  server: ServerProcess
  client: ReturnType<typeof createClient>
  /** What the server's clock shows. */
  now(): number
  /** Sets it so far ahead of the real one (below 0: behind it). */
  setAhead(ms: number): void
  /** Stops the process while the clock is set, as a machine that sleeps does. */
  sleepUntilAhead(ms: number): Promise<void>
}

/** Starts it with its clock so far ahead. `env` says where its database is. */
export async function startMovableServer(
  t: TestContext,
  { aheadMs, env }: { aheadMs: number; env: Record<string, string> },
): Promise<MovableServer> {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const file = join(folder.path, 'ahead')
  let ahead = 0
  const setAhead = (ms: number) => {
    ahead = ms
    writeFileSync(file, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1_000}\n`)
  }
  setAhead(aheadMs)
  const server = await startServerProcess({
    ...env,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    LD_PRELOAD: LIBRARY!,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  })
  t.after(() => server.end('SIGKILL'))
  return {
    server,
    client: createClient(() => server.url),
    now: () => Date.now() + ahead,
    setAhead,
    async sleepUntilAhead(ms) {
      process.kill(server.pid, 'SIGSTOP')
      setAhead(ms)
      process.kill(server.pid, 'SIGCONT')
    },
  }
}

function findLibrary(): string | null {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib') : []
  const files = folders.map((folder) => join('/usr/lib', folder, 'faketime', 'libfaketimeMT.so.1'))
  return files.find((file) => existsSync(file)) ?? null
}
