import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inTime, waitFor } from '../wait-for.ts'
import { TEST_ROOT_KEY } from './server-process.ts'

/** As people start it, with its cache of compiled files. */
const MAIN = fileURLToPath(new URL('../../../bin/discue.mjs', import.meta.url))
const HOST = fileURLToPath(new URL('command-host.ts', import.meta.url))

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

/** What a command line came to. */
export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

/** A command line for `command-host.ts`. */
export interface HostedCommand {
  args: readonly string[]
  env: Record<string, string>
  stdin: string
}

/** Starts `discue` with these words, for the server at `url` and with the test's root key. */
export function startCommand(
  args: readonly string[],
  { url, env = {}, stdin }: Omit<CommandOptions, 'stdin'> & { stdin?: string | Buffer } = {},
): RunningCommand {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DISCUE_'))
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(inherited), ...settingsFor(url), ...env },
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

function settingsFor(url: string | undefined): Record<string, string> {
  return url === undefined ? {} : { DISCUE_URL: url, DISCUE_API_KEY: TEST_ROOT_KEY }
}

/** Runs `discue` with these words to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}) {
  const command = startCommand(args, options)
  const code = await inTime(`the end of \`discue ${args.join(' ')}\``, command.ended)
  const { stdout, stderr } = command.output
  return { code, stdout, stderr, json: () => JSON.parse(stdout) }
}

/**
 * Runs commands in one process, one after another: for tests of what commands say and do. Those of how a process ends, of
 * signals and of `discue` without a command need `runCommand` or `startCommand`.
 */
export function sharedCommand(): typeof runCommand {
  let host: ReturnType<typeof startHost> | null = null
  let last: Promise<unknown> = Promise.resolve()
  return async (args, { url, env = {}, stdin = '' } = {}) => {
    const turn = last.then(() => {
      host ??= startHost()
      const answered = host.run({ args, env: { ...settingsFor(url), ...env }, stdin })
      return inTime(`the end of \`discue ${args.join(' ')}\``, answered)
    })
    last = turn.catch(() => undefined)
    const result = await turn
    return { ...result, json: () => JSON.parse(result.stdout) }
  }
}

function startHost() {
  const child = fork(HOST, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  running.add(child)
  const ended = once(child, 'exit').then(([code]): never => {
    running.delete(child)
    throw new Error(`the process that runs commands ended with ${code}`)
  })
  // It is killed after the last test, when no command waits for it.
  ended.catch(() => undefined)
  return {
    async run(command: HostedCommand): Promise<CommandResult> {
      const answered = once(child, 'message')
      child.send(command)
      const [result] = await Promise.race([answered, ended])
      return result
    },
  }
}
