import type { Command } from 'commander'
import { Option } from 'commander'
import { type ApiClient, Refused } from '../client/api-client.ts'
import type { Api } from '../client/api-types.ts'
import { askingFirst } from '../client/confirm.ts'
import { type Context, openContext } from '../client/context.ts'
import { givenText } from '../client/given-text.ts'
import { collect, headerOf } from '../client/listener-options.ts'
import { durationMs, momentMs, momentText } from '../client/moments.ts'
import { showDone, showList, showOne } from '../client/show.ts'

const COLUMNS = {
  NAME: (schedule: Api.Schedule) => schedule.name,
  ID: (schedule: Api.Schedule) => schedule.id,
  WHEN: whenText,
  ZONE: (schedule: Api.Schedule) => schedule.timezone,
  STATE: (schedule: Api.Schedule) => (schedule.paused ? 'paused' : 'active'),
  'NEXT RUN': (schedule: Api.Schedule) => momentText(schedule.next_runs[0]),
  'LAST RUN': (schedule: Api.Schedule) => momentText(schedule.last_run_at),
  RUNS: (schedule: Api.Schedule) => schedule.run_count,
}

interface ScheduleOptions {
  name?: string
  cron?: string
  every?: string
  at?: string
  timezone?: string
  data?: string
  messageName?: string
  key?: string
  header?: string[]
  expiresIn?: string
  startsAt?: string
  endsAt?: string
  catchUp?: string
  overlap?: string
  jitter?: string
  paused?: boolean
}

export function addSchedules(program: Command): void {
  const schedules = program
    .command('schedules')
    .description('list, preview, make, change, run, pause and delete schedules')
  schedules
    .command('list [queue]', { isDefault: true })
    .description('the schedules of a queue, or of all queues')
    .action(async (queue, _, command) => {
      const { api, terminal, queueId } = openContext(command)
      const path = queue === undefined ? '/schedules' : `/queues/${await queueId(queue)}/schedules`
      const entries = await Array.fromAsync(api.all<Api.Schedule>(path, 'schedules'))
      const empty = `There is no schedule yet. Make one: discue schedules create QUEUE NAME --cron '0 9 * * *' --data '{}'`
      const columns = queue === undefined ? { QUEUE: await queueNames(api), ...COLUMNS } : COLUMNS
      showList(terminal, entries, columns, empty)
    })
  schedules
    .command('show <queue> <schedule>')
    .description('one schedule, with its next runs')
    .action(async (queue, schedule, _, command) => {
      const context = openContext(command)
      const { path } = await addressOf(context, queue, schedule)
      showOne(context.terminal, (await context.api.call<Api.ScheduleEnvelope>('GET', path)).schedule)
    })
  addPreview(schedules)
  addChanging(schedules)
  addRunning(schedules)
}

/** What a schedule's queue is called; its id where the key may not read queues. */
async function queueNames(api: ApiClient): Promise<(schedule: Api.Schedule) => string> {
  const names = new Map<string, string>()
  try {
    for await (const { id, name } of api.all<Api.Queue>('/queues', 'queues')) names.set(id, name)
  } catch (error) {
    if (!(error instanceof Refused && error.status === 403)) throw error
  }
  return ({ queue_id }) => names.get(queue_id) ?? queue_id
}

/** When a schedule runs: the same for one that is made, and for one that is only looked at. */
function addTimes(command: Command): Command {
  return command
    .option('--cron <fields>', 'five or six fields, such as "0 9 * * 1-5"')
    .option('--every <duration>', 'a period, such as 15m, or one of the calendar, such as P2W or P1M')
    .option('--at <time>', 'once, such as +1h or 2026-01-31T09:00:00Z')
    .option('--timezone <zone>', 'of --cron and of a calendar period, such as Europe/Berlin (default: UTC)')
    .option('--starts-at <time>', 'nothing before')
    .option('--ends-at <time>', 'nothing after')
}

function addOptions(command: Command): Command {
  return addTimes(command)
    .option('--data <data>', 'what each message carries: text, @file, or - for standard input')
    .option('--message-name <name>', 'name of each message')
    .option('--key <key>', 'key of each message: what listeners with ordering by key go by')
    .option('--header <line>', '"Name: value" sent with each message; repeat it for more', collect)
    .option('--expires-in <duration>', 'how long each message is good for, such as 5m')
    .addOption(new Option('--catch-up <what>', 'of runs missed while down').choices(['none', 'last', 'all']))
    .addOption(
      new Option('--overlap <what>', 'of a time whose message before is still pending').choices(['allow', 'skip']),
    )
    .option('--jitter <duration>', 'how much later each time may run, such as 30s, so that not all do at once')
}

function addPreview(schedules: Command): void {
  addTimes(schedules.command('preview'))
    .description('say in words when a schedule would run, and its next runs; makes nothing')
    .addHelpText('after', `\nExample:\n  discue schedules preview --cron '0 9 * * FRI#2' --timezone Europe/Berlin`)
    .action(async (options: ScheduleOptions, command) => {
      const { api, terminal, runtime } = openContext(command)
      const body = await bodyOf(options, runtime.now())
      showOne(terminal, await api.call<Api.PreviewScheduleResult>('POST', '/schedules/preview', { body }))
    })
}

function addChanging(schedules: Command): void {
  addOptions(schedules.command('create <queue> <name>'))
    .description('make a schedule: each of its times puts one message on the queue')
    .option('--paused', 'not running yet')
    .addHelpText(
      'after',
      `
Examples:
  discue schedules create reports daily --cron '0 9 * * 1-5' --timezone Europe/Berlin --data '{"report":"daily"}'
  discue schedules create cleanup hourly --every 1h --jitter 5m --overlap skip --data @cleanup.json`,
    )
    .action(async (queue, name, options: ScheduleOptions, command) => {
      const { api, terminal, queueId, runtime } = openContext(command)
      const body = { ...(await bodyOf(options, runtime.now())), name }
      showOne(
        terminal,
        (await api.call<Api.ScheduleEnvelope>('POST', `/queues/${await queueId(queue)}/schedules`, { body })).schedule,
      )
    })
  addOptions(schedules.command('update <queue> <schedule>'))
    .description('change a schedule; what is not given stays as it is')
    .option('--name <name>', 'its new name')
    .action(async (queue, schedule, options: ScheduleOptions, command) => {
      const context = openContext(command)
      await change(context, queue, schedule, await bodyOf(options, context.runtime.now()))
    })
  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    schedules
      .command(`${verb} <queue> <schedule>`)
      .description(paused ? 'skip its times until it is resumed' : 'run it again')
      .action((queue, schedule, _, command) => change(openContext(command), queue, schedule, { paused }))
  }
}

function addRunning(schedules: Command): void {
  schedules
    .command('run <queue> <schedule>')
    .description('put its message on the queue now')
    .action(async (queue, schedule, _, command) => {
      const context = openContext(command)
      const { path } = await addressOf(context, queue, schedule)
      const answer = await context.api.call<Api.RunScheduleResult>('POST', `${path}/run`, { body: {} })
      showDone(context.terminal, answer, `message ${answer.message.id}`)
    })
  askingFirst(schedules.command('delete <queue> <schedule>'))
    .description('delete a schedule')
    .action(async (queue, schedule, _, command) => {
      const context = openContext(command)
      const { path, id } = await addressOf(context, queue, schedule)
      showDone(context.terminal, await context.api.call('DELETE', path), `deleted schedule ${id}`)
    })
}

async function bodyOf(options: ScheduleOptions, now: number): Promise<object> {
  const at = (text?: string) => (text === undefined ? undefined : momentMs(text, now))
  return {
    name: options.name,
    cron: options.cron,
    every: options.every === undefined ? undefined : everyOf(options.every),
    at: at(options.at),
    timezone: options.timezone,
    data: options.data === undefined ? undefined : await givenText(options.data),
    message_name: options.messageName,
    key: options.key,
    headers: options.header === undefined ? undefined : Object.fromEntries(options.header.map(headerOf)),
    starts_at: at(options.startsAt),
    ends_at: at(options.endsAt),
    catch_up: options.catchUp,
    expires_in: options.expiresIn === undefined ? undefined : durationMs(options.expiresIn),
    overlap: options.overlap,
    jitter: options.jitter === undefined ? undefined : durationMs(options.jitter),
    paused: options.paused,
  }
}

/** A calendar period is for the server to read. */
function everyOf(text: string): number | string {
  return text.startsWith('P') ? text : durationMs(text)
}

async function addressOf({ queueId, inQueue }: Context, queue: string, schedule: string) {
  const inThis = await queueId(queue)
  const id = await inQueue(inThis, 'schedules', schedule)
  return { id, path: `/queues/${inThis}/schedules/${id}` }
}

async function change(context: Context, queue: string, schedule: string, body: object): Promise<void> {
  const { path } = await addressOf(context, queue, schedule)
  showOne(context.terminal, (await context.api.call<Api.ScheduleEnvelope>('PATCH', path, { body })).schedule)
}

function whenText({ cron, every, at }: Api.Schedule): string {
  if (cron !== undefined) return cron
  if (typeof every === 'string') return `every ${every}`
  return every !== undefined ? `every ${every} ms` : `at ${momentText(at)}`
}
