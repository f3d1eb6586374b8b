// Runs one command line after another in this process, for `sharedCommand` of command.ts: most of what a command costs is
// Node.js starting, and loading what it is made of. Not a test by itself.
import { Readable } from 'node:stream'
import { runCommandLine } from '../../../src/cli/program.ts'
import type { CommandResult, HostedCommand } from './command.ts'

// Each command listens for the errors of its output.
process.stdout.setMaxListeners(0)

/** What the running command has printed. */
let printed = { stdout: '', stderr: '' }
for (const name of ['stdout', 'stderr'] as const) {
  process[name].write = ((text: string | Uint8Array) => {
    printed[name] += text
    return true
  }) as typeof process.stdout.write
}

async function run({ args, env, stdin }: HostedCommand): Promise<CommandResult> {
  for (const name of Object.keys(process.env)) if (name.startsWith('DISCUE_')) delete process.env[name]
  Object.assign(process.env, env)
  Object.defineProperty(process, 'stdin', { value: Readable.from(Buffer.from(stdin)), configurable: true })
  printed = { stdout: '', stderr: '' }
  const code = await runCommandLine(args)
  return { code, ...printed }
}

let last: Promise<unknown> = Promise.resolve()
process.on('message', (command: HostedCommand) => {
  last = last.then(async () => process.send!(await run(command)))
})
