import type { TestContext } from 'node:test'
import { makeClock } from '../../../torture/servers/moved-clock.ts'
import { createClient } from './client.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from './server-process.ts'

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
  const clock = makeClock(folder.path)
  let ahead = 0
  const setAhead = (ms: number) => {
    ahead = ms
    clock.setAhead(ms)
  }
  setAhead(aheadMs)
  const server = await startServerProcess({
    ...env,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    ...clock.env,
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
