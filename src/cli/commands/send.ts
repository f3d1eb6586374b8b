import type { Command } from 'commander'
import type { Api } from '../client/api-types.ts'
import { type SpokenBody, spokenBody } from '../client/body.ts'
import { type Context, openContext } from '../client/context.ts'
import { showDryRun } from '../client/dry-run.ts'
import { UsageFailure } from '../client/failure.ts'
import { givenBytes, readBytes } from '../client/given-text.ts'
import { collect, headerOf } from '../client/listener-options.ts'
import { durationMs, momentMs } from '../client/moments.ts'
import { noteRoutingOf } from '../client/routing-note.ts'
import { showDone } from '../client/show.ts'

interface SendOptions {
  file?: string
  type?: string
  name?: string
  delay?: string
  deliverAt?: string
  key?: string
  expiresIn?: string
  expiresAt?: string
  header?: string[]
  lines?: boolean
  idempotencyKey?: string
  allowEmpty?: boolean
  dryRun?: boolean
}

/** What the API takes in one request: 1,000 messages and 16 MiB, of which this leaves room for what is around them. */
const BATCH = { messages: 1_000, bytes: 8 * 1024 * 1024 }

export function addSend(program: Command): void {
  program
    .command('send <queue> [data]')
    .description('put a message on a queue; it is on disk when this says so')
    .option('--file <path>', 'a file to send as it is, bytes that are no text too; - for standard input')
    .option('--type <type>', 'the Content-Type to deliver it with, such as image/png')
    .option('--name <name>', 'name of the message')
    .option('--key <key>', 'its key: a listener with --ordering key keeps the order among those with the same one')
    .option('--delay <duration>', 'deliver it that much later, such as 10m')
    .option('--deliver-at <time>', 'deliver it then, such as 2026-01-31T09:00:00Z')
    .option('--expires-in <duration>', 'do not deliver it later than that after it is due, such as 5m')
    .option('--expires-at <time>', 'do not deliver it later than then')
    .option('--header <line>', '"Name: value" sent with each delivery; repeat it for more', collect)
    .option('--allow-empty', 'send an empty message where nothing comes by standard input, or is in the file')
    .option('--dry-run', 'send nothing: tell which listeners would get it, which not, and why')
    .option('--lines', 'each line of the data is a message of its own')
    .option('--idempotency-key <key>', 'sent twice with the same one, it is stored once')
    .addHelpText(
      'after',
      `
The data is the text itself, @file for what is in a file, or what comes by standard input where it is left out or -. What is
no UTF-8 is sent as bytes.

Examples:
  discue send orders '{"order":1}'
  discue send orders @order.json --delay 10m
  discue send codes '{"code":4711}' --expires-in 5m --header 'x-kind: login'
  git log -1 | discue send commits
  discue send orders --lines < orders.ndjson
  discue send orders '{"order":1}' --dry-run
  discue send images --file logo.png --type image/png`,
    )
    .action((queue, data, options: SendOptions, command) => send(openContext(command), queue, data, options))
}

async function send(context: Context, queue: string, data: string | undefined, options: SendOptions): Promise<void> {
  if (options.dryRun && options.lines) throw new UsageFailure('--dry-run is for one message; leave out --lines')
  const settings = settingsOf(options, context.runtime.now())
  const body = spokenBody(await given(data, options), options.type)
  const path = `/queues/${await context.queueId(queue)}/messages`
  if (options.lines) return noteRoutingOf(context, queue, `${path}/${await sendLines(context, path, body, settings)}`)
  if (options.dryRun) return showDryRun(context, path, { ...body, ...settings })
  const headers: Record<string, string> =
    options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey }
  const { message } = await context.api.call<Api.CreateMessageResult>('POST', path, {
    body: { ...body, ...settings },
    headers,
  })
  showDone(context.terminal, message, message.id)
  await noteRoutingOf(context, queue, `${path}/${message.id}`)
}

async function given(data: string | undefined, options: SendOptions): Promise<Buffer> {
  const bytes = await read(data, options)
  // The program before a pipe that failed sends nothing, which is not what was meant. An empty text that was typed is.
  if (bytes.length > 0 || data === '' || options.allowEmpty) return bytes
  throw new UsageFailure('there is nothing to send: nothing came; --allow-empty sends an empty message')
}

function read(data: string | undefined, { file }: SendOptions): Promise<Buffer> {
  if (file === undefined) return givenBytes(data ?? '-')
  if (data !== undefined) throw new UsageFailure('--file cannot be combined with data; give one of them')
  return readBytes(file)
}

function settingsOf({ name, key, ...options }: SendOptions, now: number): object {
  const { delay, deliverAt, expiresIn, expiresAt, header } = options
  return {
    name,
    key,
    delay: delay === undefined ? undefined : durationMs(delay),
    deliver_at: deliverAt === undefined ? undefined : momentMs(deliverAt, now),
    expires_in: expiresIn === undefined ? undefined : durationMs(expiresIn),
    expires_at: expiresAt === undefined ? undefined : momentMs(expiresAt, now),
    headers: header === undefined ? undefined : Object.fromEntries(header.map(headerOf)),
  }
}

/**
 * As many batches as it takes, in order; where one is refused, those before it are on the queue. Answers with the id of
 * the last message.
 */
async function sendLines(
  { api, terminal }: Context,
  path: string,
  body: SpokenBody,
  settings: object,
): Promise<string> {
  const { data: text, content_type } = body
  if (text === undefined) throw new UsageFailure('--lines is for text; this is no UTF-8')
  const lines = text.split('\n').filter((line) => line !== '')
  if (lines.length === 0) throw new UsageFailure('there is no line to send')
  let sent = 0
  let lastId = ''
  for (const batch of batchesOf(lines)) {
    const messages = batch.map((data) => ({ data, content_type, ...settings }))
    const asked = api.call<Api.CreateMessagesResult>('POST', `${path}/batch`, { body: { messages } })
    const answer = await asked.catch((error: unknown) => {
      if (sent > 0) terminal.note(`discue: the first ${sent} of ${lines.length} lines are on the queue`)
      throw error
    })
    for (const message of answer.messages) terminal.print(terminal.json ? JSON.stringify(message) : message.id)
    sent += messages.length
    lastId = answer.messages.at(-1)!.id
  }
  return lastId
}

function* batchesOf(lines: readonly string[]): Generator<string[]> {
  let batch: string[] = []
  let bytes = 0
  for (const line of lines) {
    const size = Buffer.byteLength(JSON.stringify(line))
    if (batch.length === BATCH.messages || (batch.length > 0 && bytes + size > BATCH.bytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(line)
    bytes += size
  }
  yield batch
}
