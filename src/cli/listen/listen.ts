import type { Command } from 'commander'
import { sleep } from '../../runtime.ts'
import { Refused } from '../client/api-client.ts'
import type { Api } from '../client/api-types.ts'
import { type Context, openContext } from '../client/context.ts'
import { EXIT, Failure, UsageFailure } from '../client/failure.ts'
import { numberOf } from '../client/listener-options.ts'
import { durationMs } from '../client/moments.ts'
import { isPassing, waitMs } from '../client/retrying.ts'
import { onStop } from '../client/stop-signals.ts'
import { createListenEvents } from './listen-events.ts'
import { createPullApi } from './pull-api.ts'
import { leftBehind, temporaryName } from './temporary-listener.ts'
import { Tunnel } from './tunnel.ts'

interface ListenOptions {
  to: string
  timeout: string
  concurrency: string
}

interface Listening {
  queueId: string
  path: string
  listener: { id: string; name: string; secret: string }
}

/** How long a message is ours at a time, however long it takes: once this process is gone, it comes again after that. */
const LEASE_MS = 30_000
/** Removing the listener again, after one signal and after two. */
const REMOVE_MS = { inOrder: 10_000, now: 2_000 }

export function addListen(program: Command): void {
  program
    .command('listen <queue>')
    .description('be a listener of a queue for a while: forward its messages to an address that only you can reach')
    .requiredOption('--to <url>', 'where to post them, such as http://localhost:4000/hook')
    .option('--timeout <duration>', 'how long it has to answer', '15s')
    .option('--concurrency <n>', 'messages at once', '8')
    .addHelpText(
      'after',
      `
Makes a listener of its own, which gets what is sent from now on, and removes it at Ctrl-C. Messages come with the
headers and the signature that any listener gets. A 2xx acknowledges; after anything else the message comes again.
When the network is cut it tries until it is back: nothing is lost meanwhile.

Examples:
  discue listen orders --to http://localhost:4000/hook
  discue listen orders --to http://localhost:4000/hook --json | jq .status`,
    )
    .action((queue, options: ListenOptions, command) => listen(openContext(command), queue, options))
}

async function listen(context: Context, queue: string, options: ListenOptions): Promise<void> {
  const url = targetUrl(options.to)
  const timeoutMs = durationMs(options.timeout)
  const concurrency = concurrencyOf(options.concurrency)
  const listening = await begin(context, queue)
  const { queueId, listener } = listening
  // Only here: what sends takes longer to load than all other commands together.
  const { createForwarder } = await import('./forwarder.ts')
  const forwarder = createForwarder(context.runtime, { url, queueId, listener, timeoutMs })
  const events = createListenEvents(context)
  const api = createPullApi(context.api, listening.path)
  const tunnel = new Tunnel({ api, forwarder, runtime: context.runtime, events, concurrency, leaseMs: LEASE_MS })
  let now = false
  const signals = onStop(context.runtime, {
    inOrder: () => {
      context.terminal.note('finishing what is in flight; once more, a second later, ends it at once')
      void tunnel.stop()
    },
    now: () => {
      now = true
      tunnel.abort()
    },
  })
  context.terminal.note(`forwarding ${queue} to ${url} as ${listener.name}; Ctrl-C ends it`)
  context.terminal.note(`the signatures' secret, for this time only: ${listener.secret}`)
  try {
    await tunnel.run()
    await tunnel.stop()
  } finally {
    await end(context, listening, () => now)
    await forwarder.close()
    signals.dispose()
  }
  if (now) throw new Failure('interrupted before everything was in order', { exitCode: EXIT.interrupted })
}

/** Removes what earlier runs left behind, and makes the listener. */
async function begin({ api, terminal, queueId }: Context, queue: string): Promise<Listening> {
  const id = await queueId(queue)
  for (const { id: listenerId, name } of await leftBehind(api, id)) {
    await api.call('DELETE', `/queues/${id}/listeners/${listenerId}`).catch(unlessGone)
    terminal.note(`removed ${name}, which an earlier run had left behind`)
  }
  const name = temporaryName(process.pid)
  const made = await api.call<Api.CreateListenerResult>('POST', `/queues/${id}/listeners`, { body: { name } })
  const { id: listenerId, secret } = made.listener
  // Only a repeated answer has none, and none was asked for.
  if (secret === undefined) throw new Failure('the server did not show the secret of the listener that it made')
  return { queueId: id, listener: { id: listenerId, name, secret }, path: `/queues/${id}/listeners/${listenerId}` }
}

/**
 * Removes the listener, trying for a while where the server does not answer. What remains is named, with how to remove
 * it.
 */
async function end(
  { api, terminal, runtime }: Context,
  { path, listener }: Listening,
  now: () => boolean,
): Promise<void> {
  const startedAt = runtime.now()
  for (let failures = 1; ; failures++) {
    const leftMs = startedAt + (now() ? REMOVE_MS.now : REMOVE_MS.inOrder) - runtime.now()
    try {
      await api.call('DELETE', path, { timeoutMs: Math.max(500, leftMs) }).catch(unlessGone)
      return terminal.note(`removed ${listener.name}`)
    } catch (error) {
      const delayMs = waitMs(failures, error, runtime.random)
      if (!isPassing(error) || delayMs >= leftMs) {
        terminal.note(`discue: ${(error as Error).message}`)
        throw new Failure(`the listener ${listener.name} remains; the next "discue listen" of this queue removes it`)
      }
      await sleep(delayMs)
    }
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Refused && error.status === 404)) throw error
}

function targetUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageFailure('--to must be an http or https URL such as http://localhost:4000/hook')
  }
  return url.href
}

function concurrencyOf(text: string): number {
  const concurrency = numberOf('--concurrency', text)!
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 100) return concurrency
  throw new UsageFailure('--concurrency must be a whole number from 1 to 100')
}
