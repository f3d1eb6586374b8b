import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inTime } from '../wait-for.ts'

export { makeFolder } from '../folder.ts'

/** As people start it, with its cache of compiled files. */
const MAIN = fileURLToPath(new URL('../../../bin/discue.mjs', import.meta.url))

/** A test that fails does not come to its end, where it would have stopped its servers. */
const running = new Set<ChildProcess>()
after(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** A root key for servers that only a test talks to. */
export const TEST_ROOT_KEY = 'test-root-key-that-is-long-enough-to-be-taken-0123456789-abcdefg'

/** A real server as a process of its own. */
export interface ServerProcess {
  url: string
  pid: number
  /** Everything that it has written so far. */
  output(): { stdout: string; stderr: string }
  /** Resolves with its exit code when it is gone; null after a kill. */
  exited: Promise<number | null>
  /** Ends it with this signal and waits until it is gone; answers with its exit code, or null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Starts the server and waits until it says that it is ready. Throws with its output where it ends instead. */
export async function startServerProcess(env: Record<string, string>, args: string[] = []): Promise<ServerProcess> {
  const child = runServer(env, args)
  const output = collect(child)
  const exit = once(child, 'exit')
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', () => {
      const found = /is ready at (\S+)/.exec(output.stdout)
      if (found) resolve(found[1]!)
    })
    exit.then(([code]) => reject(new Error(`the server ended with ${code}: ${output.stderr}`)), reject)
  })
  const url = await inTime('a server that is ready', ready)
  return {
    url,
    pid: child.pid!,
    output: () => output,
    exited: exit.then(([code]) => code as number | null),
    async end(signal) {
      child.kill(signal)
      const [code] = await inTime(`the end of the server by ${signal}`, exit)
      return code as number | null
    },
  }
}

/** Runs the server until it ends by itself, for what must stop it at its start. */
export async function runUntilExit(
  env: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = runServer(env, args)
  const output = collect(child)
  const [code] = await inTime('the end of the server by itself', once(child, 'exit'))
  return { code: code as number | null, ...output }
}

function runServer(env: Record<string, string>, args: string[]): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DISCUE_'))
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(inherited), DISCUE_PORT: '0', DISCUE_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  return output
}
