import type { Command } from 'commander'
import { sleep } from '../../runtime.ts'
import { Unreachable } from '../client/api-client.ts'
import type { Api } from '../client/api-types.ts'
import { type Context, openContext } from '../client/context.ts'
import { numberOf } from '../client/listener-options.ts'
import { isPassing, waitMs } from '../client/retrying.ts'
import { plain } from '../client/show.ts'

interface TailOptions {
  events: string
  limit: string
  follow: boolean
}

/** The stream says something at least every 15 s; past this, the connection died without a word. */
const SILENCE_MS = 45_000
/** A line that is no comment: whatever it is, looking once too often costs nothing. */
const SAYS_MORE = /(^|\n)[^:\n]/
/** After a stream that ended in order, as it does when the server stops. */
const AGAIN_MS = 500
/** Of the API. */
const PAGE = 100
/** A place to go on from, where nothing happened yet. */
const BEFORE_ALL = { stored_at: 0, id: '0'.repeat(21) }

export function addTail(program: Command): void {
  program
    .command('tail')
    .description('what happens, as it happens: messages taken and delivered, and what is made, changed and deleted')
    .option('--events <kinds>', 'only some of api_keys, listeners, messages, queues; with commas in between', 'all')
    .option('-n, --limit <n>', 'begin with so many that are over already', '10')
    .option('--no-follow', 'show those, and end')
    .addHelpText('after', `\nExamples:\n  discue tail\n  discue tail --events messages --json | jq .message.id`)
    .action((options: TailOptions, command) => tail(openContext(command), options))
}

async function tail(context: Context, options: TailOptions): Promise<void> {
  const limit = numberOf('--limit', options.limit)!
  const newest = await newestEvents(context, options, Math.max(1, limit))
  for (const event of newest.slice(0, limit).reverse()) show(context, event)
  if (options.follow) await follow(context, options, newest)
}

/** Shows what was stored after the newest event that is known; of the known ones, none a second time. */
async function follow(context: Context, { events }: TailOptions, known: readonly Api.UsageEvent[]): Promise<void> {
  const shown = new Set(known.map(({ id }) => id))
  let last = known[0] ?? BEFORE_ALL
  let failures = 0
  for (;;) {
    try {
      for await (const _ of eventDigests(context)) {
        const after = { startAfter: last.stored_at, startAfterId: last.id }
        for await (const event of listed(context, { events, limit: PAGE, ...after })) {
          if (!shown.has(event.id)) show(context, event)
          last = event
        }
        failures = 0
      }
      await sleep(AGAIN_MS)
    } catch (error) {
      if (!isPassing(error)) throw error
      if (failures++ === 0) context.terminal.note(`discue: ${(error as Error).message}; trying again`)
      await sleep(waitMs(failures, error, context.runtime.random))
    }
  }
}

/**
 * A signal at once, and one whenever something happened. The server's stream tells that something did, and joins what
 * is too much to tell; what it was is read from the listing, where nothing is left out.
 */
async function* eventDigests({ api, runtime }: Context): AsyncGenerator<void> {
  const silence = new AbortController()
  let cancel = runtime.after(SILENCE_MS, () => silence.abort(new Unreachable(api.url, new Error('it fell silent'))))
  try {
    for await (const text of api.stream('/events/stream', silence.signal)) {
      cancel()
      cancel = runtime.after(SILENCE_MS, () => silence.abort(new Unreachable(api.url, new Error('it fell silent'))))
      if (SAYS_MORE.test(text)) yield
    }
  } finally {
    cancel()
    silence.abort()
  }
}

async function newestEvents(context: Context, { events }: TailOptions, limit: number): Promise<Api.UsageEvent[]> {
  const found: Api.UsageEvent[] = []
  for await (const event of listed(context, { events, limit: Math.min(PAGE, limit) })) {
    found.push(event)
    if (found.length === limit) break
  }
  return found
}

/** The events that are asked for, page after page. */
async function* listed({ api }: Context, query: Record<string, string | number>): AsyncGenerator<Api.UsageEvent> {
  let page = await api.call<Api.UsageEventList>('GET', '/events', { query })
  for (;;) {
    yield* page.events
    const next: string | undefined = page._links.next?.href
    if (next === undefined) return
    // Only what it asks for is taken from the link: the address that the server is reached at may be another one.
    page = await api.call<Api.UsageEventList>('GET', '/events', {
      query: Object.fromEntries(new URL(next).searchParams),
    })
  }
}

function show({ terminal }: Context, event: Api.UsageEvent): void {
  if (terminal.json) {
    terminal.print(JSON.stringify(event))
    return
  }
  const { paint } = terminal
  const style = /not_ok|deleted/.test(event.type) ? 'red' : /_ok$/.test(event.type) ? 'green' : 'cyan'
  const time = paint('dim', new Date(event.stored_at).toISOString())
  terminal.print(`${time}  ${paint(style, event.type.padEnd(24))}  ${subjectText(event)}`)
}

/** What it is about, from the queue down to the message. */
function subjectText(event: Api.UsageEvent): string {
  const { queue, listener, message, api_key } = event
  const subjects = Object.entries({ queue, listener, message, api_key })
  return subjects.flatMap(([noun, it]) => (it === undefined ? [] : `${noun} ${plain(it.name)}`)).join('  ')
}
