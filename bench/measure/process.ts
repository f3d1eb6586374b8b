import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** The kernel counts CPU time in these, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
const STOP_PATIENCE_MS = 20_000
const KEPT_OUTPUT = 4000

/** A process of this measurement, and what the kernel knows of it. */
export interface MeasuredProcess extends AsyncDisposable {
  pid: number
  /** User and system time, of all its threads. */
  cpuSeconds(): number
  residentBytes(): number
  peakResidentBytes(): number
  /** The first line that it prints. Throws where it ends before that. */
  firstLine(): Promise<string>
  /** The end of what it printed, on stdout and stderr. */
  lastOutput(): string
  /** Throws, with what it printed last, where the process has ended. */
  mustRun(): void
  /** Asks it to end, insists after 20 s, and resolves when it has. */
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** For profiling: `NODE_OPTIONS="--cpu-prof --cpu-prof-dir=…" npm run bench` reaches every process. */
const nodeOptions: Record<string, string> = process.env.NODE_OPTIONS ? { NODE_OPTIONS: process.env.NODE_OPTIONS } : {}

/** Starts `node …args` on this very Node.js or on another, with the environment that is given and nothing else. */
export function startProcess(
  name: string,
  args: string[],
  env: Record<string, string> = {},
  command = process.execPath,
): MeasuredProcess {
  return startProgram(name, { command, args, env: { ...nodeOptions, ...env } })
}

/** Starts any program, as this user or as another one. */
export function startProgram(
  name: string,
  {
    command,
    args,
    env = {},
    as,
  }: { command: string; args: string[]; env?: Record<string, string>; as?: { uid: number; gid: number } | null },
): MeasuredProcess {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'], ...as })
  const { pid } = child
  if (pid === undefined) throw new Error(`${name} could not be started`)
  running.add(child)
  const exited = once(child, 'exit').finally(() => running.delete(child))
  const lastOutput = keepOutput(child)

  const mustRun = () => {
    if (child.exitCode === null && child.signalCode === null) return
    throw new Error(`${name} has ended (${child.exitCode ?? child.signalCode}):\n${lastOutput()}`)
  }
  async function firstLine(): Promise<string> {
    const line = once(createInterface({ input: child.stdout }), 'line')
    const [text] = await Promise.race([line, exited.then(() => [undefined])])
    if (text === undefined) mustRun()
    return String(text)
  }
  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS)
    await exited
    clearTimeout(insist)
  }
  return { pid, ...kernelFigures(pid), firstLine, lastOutput, mustRun, stop, [Symbol.asyncDispose]: stop }
}

function keepOutput(child: ChildProcess): () => string {
  let text = ''
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-KEPT_OUTPUT)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  return () => text.trim()
}

function kernelFigures(pid: number) {
  const status = (field: string) => {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(match?.[1]) * 1024
  }
  return {
    cpuSeconds: () => cpuTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) / TICKS_PER_SECOND,
    residentBytes: () => status('VmRSS'),
    peakResidentBytes: () => status('VmHWM'),
  }
}

// proc(5): the name in parentheses may hold spaces; after it, utime and stime are the 12th and 13th fields.
function cpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
