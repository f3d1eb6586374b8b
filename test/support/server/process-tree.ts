import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inTime, waitFor } from '../wait-for.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** A server and the processes that it was started by, in a process group of their own. */
export interface ProcessTree {
  /** Where it listens. */
  url: string
  /** The process that was started, which is the server itself where nothing is between. */
  pid: number
  output(): string
  /** What is typed into its terminal, or its standard input. */
  type(text: string): void
  /** The process that was started and all that it started in turn, as far as they live. */
  processes(): number[]
  /** How the process that was started ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** A test that fails does not come to its end, where it would have ended them. */
const left = new Set<number>()
after(() => {
  for (const pid of left) kill(pid, 'SIGKILL')
})

/** Starts a server by this command, and waits until it is ready. */
export async function startTree(
  [command, ...args]: readonly string[],
  { env, cwd = ROOT }: { env: Record<string, string>; cwd?: string },
): Promise<ProcessTree> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(DISCUE_|NODE_|npm_)/.test(name))
  const child: ChildProcess = spawn(command!, args, {
    env: {
      ...Object.fromEntries(inherited),
      DISCUE_PORT: '0',
      DISCUE_LOG_LEVEL: 'info',
      DISCUE_LOG_FORMAT: 'json',
      ...env,
    },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  // Nothing is read there any more once it has ended.
  child.stdin!.on('error', () => undefined)
  const exit = once(child, 'exit')
  exit.catch(() => undefined)
  let gone = false
  child.once('exit', () => {
    gone = true
  })
  await waitFor('a server that is ready', () => {
    if (gone) throw new Error(`the server ended before it was ready: ${output}`)
    return /is ready at \S+/.test(output)
  })
  const processes = () => below(child.pid!)
  for (const pid of processes()) left.add(pid)
  return {
    url: /is ready at (\S+)/.exec(output)![1]!,
    pid: child.pid!,
    output: () => output,
    type: (text) => void child.stdin!.write(text),
    processes,
    ended: inTime('the end of what started the server', exit).then(([code, signal]) => ({ code, signal })),
  }
}

/** Sends the signal; to a process that is gone it is not sent. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

export function isAlive(pid: number): boolean {
  return table().some((row) => row.pid === pid)
}

/** The process and its descendants, parents first. */
function below(pid: number): number[] {
  const rows = table()
  if (!rows.some((row) => row.pid === pid)) return []
  const found = [pid]
  for (const parent of found) found.push(...rows.filter((row) => row.parent === parent).map((row) => row.pid))
  return found
}

/** All processes of this machine that have not ended: what has, and was not waited for, is not among them. */
function table(): { pid: number; parent: number }[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n')
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state!.startsWith('Z'))
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }))
}
