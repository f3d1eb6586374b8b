import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** As people start it. */
const MAIN = fileURLToPath(new URL('../../bin/discue.mjs', import.meta.url))
const START_MS = 60_000
const END_MS = 60_000
const OUTPUT_CHARS = 4_000

/** A node as a process of its own, which can be ended and started again at its address. */
export interface NodeProcess {
  readonly url: string
  /** Starts it, and resolves when it says that it is ready. Throws with its output where it does not. */
  start(): Promise<void>
  /** Starts it, and kills it after so many milliseconds, wherever it is by then. */
  startAndKill(afterMs: number): Promise<void>
  /** Kills it, and resolves when it is gone. */
  kill(): Promise<void>
  /** Asks it to stop, and resolves with its exit code; null where it was killed because it did not. */
  terminate(): Promise<number | null>
  /** What it wrote last. */
  output(): string
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGUSR2'): void
}

/** Children that are alive: what ends this process ends them. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** @param endedByItself is told where it ends without having been asked to. */
export function createNode(
  { port, env, args = [] }: { port: number; env: Record<string, string>; args?: readonly string[] },
  endedByItself: (text: string) => void,
): NodeProcess {
  let child: ChildProcess | null = null
  let output = ''
  let asked = false

  function spawnChild(): ChildProcess {
    asked = false
    output = ''
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DISCUE_'))
    const started = spawn(process.execPath, [...args, MAIN], {
      env: { ...Object.fromEntries(inherited), DISCUE_PORT: String(port), DISCUE_LOG_LEVEL: 'error', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(started)
    for (const stream of [started.stdout!, started.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-OUTPUT_CHARS)
      })
    }
    started.once('exit', (code, signal) => {
      running.delete(started)
      if (!asked) endedByItself(`the server ended by itself, with ${code ?? signal}: ${output}`)
    })
    child = started
    return started
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    asked = true
    const ending = child
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode ?? null
    const exit = once(ending, 'exit')
    ending.kill(signal)
    const patience = setTimeout(() => ending.kill('SIGKILL'), END_MS)
    const [code] = await exit
    clearTimeout(patience)
    return code as number | null
  }

  return {
    url: `http://127.0.0.1:${port}`,
    async start() {
      const started = spawnChild()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      started.stdout!.on('data', () => output.includes('is ready at') && resolve())
      started.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)))
      const patience = setTimeout(() => reject(new Error(`the server was not ready in time: ${output}`)), START_MS)
      await promise.finally(() => clearTimeout(patience))
    },
    async startAndKill(afterMs) {
      spawnChild()
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      await end('SIGKILL')
    },
    async kill() {
      await end('SIGKILL')
    },
    terminate: () => end('SIGTERM'),
    output: () => output,
    signal: (name) => void child?.kill(name),
  }
}
