import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inTime, waitFor } from '../wait-for.ts'
import { TEST_ROOT_KEY } from './server-process.ts'

/** As people start it, with its cache of compiled files. */
const MAIN = fileURLToPath(new URL('../../../bin/discue.mjs', import.meta.url))

/** A test that fails does not come to its end, where it would have stopped its commands. */
const running = new Set<ChildProcess>()
after(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** A command line that runs as a process of its own, as it does for people. */
export interface RunningCommand {
  output: { stdout: string; stderr: string }
  /** Resolves when what was written so far fits. Throws with the output where the command ends before. */
  until(fits: (output: { stdout: string; stderr: string }) => boolean): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Its exit code, or null where a signal ended it. */
  ended: Promise<number | null>
}

export interface CommandOptions {
  url?: string
  env?: Record<string, string>
  stdin?: string
}

/** Starts `discue` with these words, for the server at `url` and with the test's root key. */
export function startCommand(args: readonly string[], { url, env = {}, stdin }: CommandOptions = {}): RunningCommand {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DISCUE_'))
  const to: Record<string, string> = url === undefined ? {} : { DISCUE_URL: url, DISCUE_API_KEY: TEST_ROOT_KEY }
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(inherited), ...to, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  running.add(child)
  child.stdin.end(stdin ?? '')
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  return {
    output,
    ended,
    signal: (name) => void child.kill(name),
    until: (fits) =>
      waitFor(`what \`discue ${args.join(' ')}\` prints`, () => {
        const fit = fits(output)
        if (!fit && !running.has(child)) throw new Error(`the command ended: ${output.stdout}${output.stderr}`)
        return fit
      }),
  }
}

/** Runs `discue` with these words to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}) {
  const command = startCommand(args, options)
  const code = await inTime(`the end of \`discue ${args.join(' ')}\``, command.ended)
  const { stdout, stderr } = command.output
  return { code, stdout, stderr, json: () => JSON.parse(stdout) }
}
