import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EndState } from '../record/record.ts'
import { countsIn } from '../run/end-state.ts'
import { type Disk, makeDisk } from './disk.ts'
import { CANNOT_MOVE, makeClock, together } from './moved-clock.ts'
import { createNode } from './node-process.ts'
import { freePort } from './ports.ts'
import { type Ended, ROOT_KEY, type Servers } from './servers.ts'
import { strikeClock } from './strike-clock.ts'
import { strikeDisk } from './strike-disk.ts'
import { strikeNode } from './strike-node.ts'

const MAIN = fileURLToPath(new URL('../../bin/discue.mjs', import.meta.url))

const WEIGHTS = { kill: 8, 'kill in start': 2, stop: 2, terminate: 2 }
const CLOCK_WEIGHTS = { 'clock jump': 1.5 }
const DISK_WEIGHTS = { 'power cut': 8, 'full disk': 2, 'failing disk': 2 }

/** One server on a file in a folder of its own, on the disk that `inFolder` is on. */
export async function startOnSqlite(
  { inFolder = tmpdir() }: { inFolder?: string },
  ended: Ended,
): Promise<Servers & { disk: Disk | null }> {
  const folder = mkdtempSync(join(inFolder, 'discue-torture-'))
  const [files, tools] = [join(folder, 'files'), join(folder, 'tools')]
  for (const one of [files, tools]) mkdirSync(one)
  const path = join(files, 'discue.db')
  const disk = makeDisk(tools, files)
  const clock = CANNOT_MOVE === null ? makeClock(tools) : null
  // What is preloaded last is made ready first: the clock's library writes while it is.
  const preloaded = together(clock?.env ?? {}, typeof disk === 'string' ? {} : disk.env)
  const env = { ...preloaded, DISCUE_DATABASE_URL: `sqlite:${path}`, DISCUE_ROOT_API_KEY: ROOT_KEY }
  const node = createNode({ port: await freePort(), env }, ended)
  const close = async () => {
    await node.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await node.start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    nodes: [node],
    database: path,
    disk: typeof disk === 'string' ? null : disk,
    weights: { ...WEIGHTS, ...(typeof disk !== 'string' && DISK_WEIGHTS), ...(clock !== null && CLOCK_WEIGHTS) },
    leftOut: [disk, CANNOT_MOVE].filter((reason) => typeof reason === 'string'),
    async strike(fault, incident) {
      const done =
        (await strikeNode(node, fault, incident)) ||
        (await strikeClock(clock, fault)) ||
        (typeof disk !== 'string' && (await strikeDisk(node, { disk, database: path }, fault)))
      if (!done) throw new Error(`SQLite has no fault ${fault.kind}`)
    },
    verify: () => verify(path),
    close,
  }
}

/** What `discue verify` says of the file, as a process of its own that never saw the server. */
function verify(path: string): Promise<EndState['verification']> {
  const { promise, resolve, reject } = Promise.withResolvers<EndState['verification']>()
  execFile(process.execPath, [MAIN, '--json', 'verify', path], (error, stdout, stderr) => {
    try {
      const { faults, ...ledger } = JSON.parse(stdout)
      const failed = error === null || faults.length > 0 ? [] : [`verify ended with ${error.code}: ${stderr}`]
      resolve({ counts: countsIn(ledger), faults: [...faults, ...failed] })
    } catch {
      reject(new Error(`verify ended with ${error?.code}: ${stderr}`))
    }
  })
  return promise
}
