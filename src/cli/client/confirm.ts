import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import type { Command } from 'commander'
import { Failure, UsageFailure } from './failure.ts'

/**
 * Has a command that takes something away ask before it does: on a terminal the user who types, elsewhere nothing, and it
 * wants `--yes`. Throws `UsageFailure` without it, and `Failure` for an answer that is not yes; nothing was sent by then.
 */
export function askingFirst(command: Command): Command {
  return command.option('-y, --yes', 'without asking').hook('preAction', async (_, action) => {
    const { yes, dryRun } = action.opts<{ yes?: boolean; dryRun?: boolean }>()
    if (yes || dryRun) return
    const what = `${action.description()}: ${action.args.join(' ')}`
    if (!process.stdin.isTTY || !process.stderr.isTTY) throw new UsageFailure(`to ${what}, add --yes`)
    const said = await answered(`${what}? [y/N] `, { input: process.stdin, output: process.stderr })
    if (!said) throw new Failure('nothing was done')
  })
}

/** Whether the answer to a question is yes; no answer is none. */
export async function answered(question: string, on: { input: Readable; output: Writable }): Promise<boolean> {
  const lines = createInterface(on)
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    return /^\s*y(es)?\s*$/i.test(await Promise.race([lines.question(question), ended]))
  } finally {
    lines.close()
  }
}
