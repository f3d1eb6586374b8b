import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { root } from '../load/place.ts'
import { treeFigures } from '../measure/process-tree.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showSpread, spreadOf } from '../measure/spread.ts'

const READY = /is ready at/
/** What npm itself takes, of which no script can take less. */
const NOTHING = { name: 'nothing', private: true, scripts: { start: 'echo is ready at once' } }

interface Start {
  readyMs: number
  /** Of npm, its shell and the server, until it was ready. */
  cpuMs: number
}

/** How long `npm start` takes to be ready, npm's own share included, where everything is installed. */
export const start: Scenario = {
  name: 'start',
  about: 'milliseconds from `npm start` until the server is ready, on a database that it knows',

  async run(bench: Bench): Promise<Report> {
    mkdirSync(root('data'), { recursive: true })
    const folder = mkdtempSync(root('data', 'bench-'))
    try {
      writeFileSync(`${folder}/package.json`, JSON.stringify(NOTHING))
      const environment = { DISCUE_DATABASE_URL: `sqlite:${folder}/discue.db`, DISCUE_PORT: '0' }
      const starts = {
        npm: [] as Start[],
        discue: [] as Start[],
      }
      for (let turn = 0; turn <= bench.options.rounds; turn++) {
        const [npm, discue] = [await startOnce(folder, {}), await startOnce(root(), environment)]
        // The first makes the database, and fills the caches.
        if (turn === 0) continue
        starts.npm.push(npm)
        starts.discue.push(discue)
      }
      return report(starts)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

async function startOnce(cwd: string, environment: Record<string, string>): Promise<Start> {
  const from = performance.now()
  // A group of its own, because npm passes a signal on to its shell, and not all shells to what they run.
  const npm = spawn('npm', ['start'], {
    cwd,
    detached: true,
    env: { ...process.env, DISCUE_LOG_LEVEL: 'warn', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(npm, 'exit')
  let taken: Start | null = null
  for await (const line of createInterface({ input: npm.stdout })) {
    if (taken !== null || !READY.test(line)) continue
    taken = { readyMs: performance.now() - from, cpuMs: treeFigures([npm.pid!]).cpuSeconds * 1000 }
    stopGroup(npm.pid!)
  }
  await ended
  if (taken === null) throw new Error(`npm start in ${cwd} ended before it was ready`)
  return taken
}

function stopGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGTERM')
  } catch (error) {
    // What does nothing has ended already.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function report(starts: Record<'npm' | 'discue', Start[]>): Report {
  const figures = Object.entries(starts).map(([name, rounds]) => ({
    name,
    readyMs: spreadOf(rounds.map((it) => it.readyMs)),
    cpuMs: spreadOf(rounds.map((it) => it.cpuMs)),
  }))
  const rows = figures.map(({ name, readyMs, cpuMs }) => [name, showSpread(readyMs), showSpread(cpuMs)])
  return {
    table: [['', 'ready after ms', 'CPU ms'], ...rows],
    conclusions: ['npm: a script that does nothing, of which no other can take less'],
    figures: { figures },
  }
}
