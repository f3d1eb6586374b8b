import type { Command } from 'commander'
import { type Context, openContext } from '../client/context.ts'
import { Failure, UsageFailure } from '../client/failure.ts'
import { onStop } from '../client/stop-signals.ts'
import { DEMO_QUEUES } from './demo-queues.ts'
import { expectNoDemo, type MadeQueue, makeQueue, removeQueues } from './made-queues.ts'
import { type Receivers, startReceivers } from './receivers.ts'
import { runTraffic } from './traffic.ts'

const MINUTE_MS = 60_000
const MAX_MINUTES = 24 * 60

interface DemoOptions {
  minutes: string
  keep?: boolean
}

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'fills a server with queues, listeners of every state of health and schedules, and keeps traffic flowing',
    )
    .option('--minutes <n>', 'for so long', '10')
    .option('--keep', 'leave the queues there; else they are deleted at the end')
    .addHelpText(
      'after',
      `
Its receivers are on loopback of this machine, so run it where the server runs. Its queues are named demo/…; Ctrl-C ends it
in order.

Examples:
  discue demo
  discue demo --minutes 60 --keep`,
    )
    .action((options: DemoOptions, command) => demo(openContext(command), options))
}

async function demo(context: Context, { minutes, keep }: DemoOptions): Promise<void> {
  const forMs = minutesOf(minutes) * MINUTE_MS
  await expectNoDemo(context)
  const receivers = await startReceivers(context.runtime.random)
  const stop = new AbortController()
  const end = () => stop.abort()
  const cancel = context.runtime.after(forMs, end)
  const signals = onStop(context.runtime, { inOrder: end, now: end })
  const queues: MadeQueue[] = []
  let isClean = true
  try {
    await play(context, { receivers, queues, stop: stop.signal, minutes })
  } finally {
    cancel()
    stop.abort()
    isClean = keep === true || (await removeQueues(context, queues))
    await receivers.close()
    signals.dispose()
  }
  if (!isClean) throw new Failure('not all of the demo could be removed')
}

async function play(
  context: Context,
  {
    receivers,
    queues,
    stop,
    minutes,
  }: { receivers: Receivers; queues: MadeQueue[]; stop: AbortSignal; minutes: string },
): Promise<void> {
  for (const queue of DEMO_QUEUES) {
    if (stop.aborted) return
    await makeQueue(context, receivers, queue, (made) => queues.push(made))
  }
  context.terminal.note(
    `${queues.length} queues are there; look at ${context.api.url}; Ctrl-C ends it, else ${minutes} minutes`,
  )
  const posted = await runTraffic(context, queues, stop)
  context.terminal.print(`${posted} messages were posted, ${receivers.count()} requests came to the listeners`)
}

function minutesOf(text: string): number {
  const minutes = Number(text)
  if (text !== '' && minutes > 0 && minutes <= MAX_MINUTES) return minutes
  throw new UsageFailure(`--minutes must be a number above 0, up to ${MAX_MINUTES}`)
}
