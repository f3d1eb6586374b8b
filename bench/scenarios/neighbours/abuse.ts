import { type DnsServer, startDnsServer } from '../../../test/support/server/dns-server.ts'
import { hostileAnswers } from '../../abuse/answers.ts'
import { manySchedulesDue, watchSchedule } from '../../abuse/due-schedules.ts'
import { requestAbuses } from '../../abuse/requests.ts'
import { createQueue, createTenant, type Tenant } from '../../abuse/tenant.ts'
import type { Inlet } from '../../load/contender.ts'
import { type Discue, startDiscue } from '../../load/discue.ts'
import type { LoadReport } from '../../load/load.ts'
import { here } from '../../load/place.ts'
import { type MeasuredProcess, startProcess } from '../../measure/process.ts'
import { nextMessage, startLoad } from '../../measure/round.ts'
import type { Bench, Report, Scenario } from '../../measure/scenario.ts'
import { showNumber, spreadOf } from '../../measure/spread.ts'

/** Of another tenant, while one is greedy. */
const RATE = 200
const SECONDS = 2
const ROUNDS = 3
/** What is asked of the server, as times of what a server has that no tenant abuses. */
const MOST_TIMES = 3
const AIM_MS = 250
const UNREAD_BYTES = 100_000_000
const MOST_BYTES_MORE = 30_000_000
const WARM_UP = 200
/** How late a schedule of another tenant may be, beside 100,000 that are due. */
const MOST_LATE_MS = 1_000

/** p99 of another tenant, in milliseconds. */
interface Sample {
  post: number
  delivery: number
  /** Posts that were not answered with 200, and messages that did not come. */
  failed: number
}

interface Verdict {
  name: string
  quiet: { post: number; delivery: number }
  abused: { post: number; delivery: number }
  /** The median of the rounds. */
  times: { post: number; delivery: number }
  failed: number
  /** Of a schedule of that tenant, where the abuse is about schedules: its worst, in milliseconds. */
  lateMs: number | null
  /** What was asked and is not so. */
  broken: string[]
}

/** Whether one tenant, or what it has its messages sent to, makes another wait. */
export const abuse: Scenario = {
  name: 'abuse',
  about: "another tenant's p99 of posts and deliveries beside each abuse, against a server without, in turns",

  async run(bench: Bench): Promise<Report> {
    // Names whose server says nothing, which have nothing to do with those of other listeners.
    await using dns = await startDnsServer(() => 'silent')
    await using quiet = await startDiscue()
    await using receiver = startProcess('the hostile receiver', [here('../abuse/hostile-receiver.ts')])
    const hostile = await originOf(receiver)
    await using deafReceiver = startProcess('who never accepts', [
      here('../abuse/hostile-receiver.ts'),
      'never-accepts',
    ])
    const deaf = await originOf(deafReceiver)
    const alone = await honestInlet(bench, quiet, 'quiet')
    const wanted = abusesAt({ hostile, deaf }).filter(({ name }) => bench.options.contenders.test(name))
    const verdicts: Verdict[] = []
    for (const one of wanted) {
      const verdict = await judgeOne(bench, { one, dns, alone, hang: `${hostile}/hangs` })
      verdicts.push(verdict)
      bench.note(`${one.name}: ${verdict.broken.join('; ') || 'as it should be'}`)
    }
    const unread = bench.options.contenders.test(UNREAD) ? await measureUnread(bench) : null
    return report(verdicts, unread)
  },
}

const UNREAD = 'unread answers'

const DUE = 'schedules: 100,000 due at once'

interface NamedAbuse {
  name: string
  url?: string
}

function abusesAt({ hostile, deaf }: { hostile: string; deaf: string }): NamedAbuse[] {
  const receivers = Object.keys(hostileAnswers).map((answer) => ({
    name: `receiver: ${answer}`,
    url: `${hostile}/${encodeURIComponent(answer)}`,
  }))
  const names = Object.keys(requestAbuses).map((name) => ({ name }))
  const more = [
    { name: 'receiver: never accepts', url: `${deaf}/` },
    { name: 'receiver: silent names', url: 'http://silent-NUMBER.example/' },
    { name: DUE },
  ]
  return [...names, ...receivers, ...more]
}

async function judgeOne(
  bench: Bench,
  { one, dns, alone, hang }: { one: NamedAbuse; dns: DnsServer; alone: Inlet; hang: string },
): Promise<Verdict> {
  const isDue = one.name === DUE
  await using server = await startDiscue({
    env: { DISCUE_DNS_SERVERS: dns.address },
    ...(isDue && manySchedulesDue),
  })
  try {
    const beside = await honestInlet(bench, server, 'beside')
    if (!isDue) {
      await using abuser = await startAbuse(await createTenant(server, 'greedy'), { ...one, hang })
      const verdict = await judge(bench, { name: one.name, beside, alone })
      abuser.mustRun()
      return verdict
    }
    const lateMs = await watchSchedule(await createTenant(server, 'scheduled'))
    return await judge(bench, { name: one.name, beside, alone, lateMs })
  } finally {
    // What is still on its way to those that hang would take ten seconds to stop.
    process.kill(server.server.pid, 'SIGKILL')
  }
}

async function judge(
  bench: Bench,
  { name, beside, alone, lateMs }: { name: string; beside: Inlet; alone: Inlet; lateMs?: () => Promise<number> },
): Promise<Verdict> {
  const rounds: { quiet: Sample; abused: Sample }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ quiet: await measure(bench, alone), abused: await measure(bench, beside) })
  }
  return verdictOf(name, rounds, lateMs === undefined ? null : await lateMs())
}

async function startAbuse(
  tenant: Tenant,
  ask: NamedAbuse & { hang: string; bytes?: number },
): Promise<MeasuredProcess> {
  const { name, ...rest } = ask
  const what = JSON.stringify({ abuse: name, origin: tenant.origin, key: tenant.key, ...rest })
  const abuser = startProcess(`who abuses (${name})`, [here('../abuse/abuser.ts'), what])
  await abuser.firstLine()
  return abuser
}

/** A queue of a tenant of its own with a listener that takes everything, after a first few messages. */
async function honestInlet(bench: Bench, discue: Discue, name: string): Promise<Inlet> {
  const tenant = await createTenant(discue, 'honest')
  const listeners = { count: 1, with: { notify_url: bench.target.ok } }
  const { id } = await createQueue(tenant, 'bench', listeners)
  const inlet = { ...discue.inlet(name, id), key: tenant.key }
  await send(bench, inlet, WARM_UP)
  return inlet
}

function measure(bench: Bench, inlet: Inlet): Promise<Sample> {
  return send(bench, inlet, RATE * SECONDS)
}

/** Unlike in other scenarios, what fails is a figure here. */
async function send(bench: Bench, inlet: Inlet, messages: number): Promise<Sample> {
  inlet.server.mustRun()
  await bench.target.reset({ first: nextMessage(), count: messages }, 1)
  await using generator = startLoad(inlet, { messages, rate: RATE })
  const sent = JSON.parse(await generator.firstLine()) as LoadReport
  await bench.target.untilReceived(sent.accepted)
  const { latency, distinct } = await bench.target.stats()
  const failed = messages - sent.accepted + Math.max(0, sent.accepted - distinct)
  return { post: sent.post.p99, delivery: latency.p99, failed }
}

function verdictOf(name: string, rounds: readonly { quiet: Sample; abused: Sample }[], lateMs: number | null): Verdict {
  const median = (figure: (round: { quiet: Sample; abused: Sample }) => number) => spreadOf(rounds.map(figure)).median
  const both = (figure: (which: 'post' | 'delivery') => number) => ({
    post: figure('post'),
    delivery: figure('delivery'),
  })
  const quiet = both((which) => median((round) => round.quiet[which]))
  const abused = both((which) => median((round) => round.abused[which]))
  const times = both((which) => median((round) => round.abused[which] / round.quiet[which]))
  const failed = rounds.reduce((sum, round) => sum + round.abused.failed, 0)
  const broken = (['post', 'delivery'] as const).flatMap((which) =>
    times[which] <= MOST_TIMES ? [] : [`p99 of a ${which} is ${showNumber(times[which], 1)} times the quiet one`],
  )
  if (failed > 0) broken.push(`${failed} messages of another tenant were refused or lost`)
  if (lateMs !== null && lateMs > MOST_LATE_MS) broken.push(`a schedule of another tenant is ${lateMs} ms late`)
  return { name, quiet, abused, times, failed, lateMs, broken }
}

/** How much more memory the server takes for answers that the client does not read. */
async function measureUnread(bench: Bench): Promise<{ bytesMore: number; broken: string[] }> {
  await using server = await startDiscue()
  const inlet = await honestInlet(bench, server, 'beside')
  // What a server takes in its first seconds anyway is not what the answers take.
  for (let round = 0; round < ROUNDS; round++) await measure(bench, inlet)
  const before = server.server.residentBytes()
  const ask = { name: UNREAD, hang: '', bytes: UNREAD_BYTES }
  await using _ = await startAbuse(await createTenant(server, 'greedy'), ask)
  const bytesMore = server.server.residentBytes() - before
  await measure(bench, inlet)
  process.kill(server.server.pid, 'SIGKILL')
  const broken = bytesMore <= MOST_BYTES_MORE ? [] : [`unread answers take ${megabytes(bytesMore)}`]
  return { bytesMore, broken }
}

async function originOf(receiver: MeasuredProcess): Promise<string> {
  const { port } = JSON.parse(await receiver.firstLine()) as { port: number }
  return `http://127.0.0.1:${port}`
}

function report(verdicts: readonly Verdict[], unread: { bytesMore: number; broken: string[] } | null): Report {
  const broken = verdicts.flatMap((one) => one.broken.map((what) => `${one.name}: ${what}`))
  broken.push(...(unread?.broken ?? []))
  const worst = Math.max(0, ...verdicts.flatMap(({ abused }) => [abused.post, abused.delivery]))
  const memory =
    unread === null
      ? []
      : [`memory after 100 MB of requests whose answers are not read: ${megabytes(unread.bytesMore)} more`]
  const late = verdicts.flatMap(({ lateMs }) =>
    lateMs === null ? [] : [`beside 100,000 that are due a schedule of another tenant is at most ${lateMs} ms late`],
  )
  return {
    table: [['', 'post ms', 'beside', 'times', 'delivery ms', 'beside', 'times', 'failed', ''], ...verdicts.map(row)],
    conclusions: [
      `p99 at ${RATE} messages/s, medians of ${ROUNDS} rounds of ${SECONDS} s; asked: at most ${MOST_TIMES} times the quiet one`,
      `the highest: ${showNumber(worst)} ms; the aim is ${AIM_MS} ms`,
      ...late,
      ...memory,
      `not as it should be: ${broken.length}`,
    ],
    broken,
    figures: { verdicts, unread },
  }
}

function row({ name, quiet, abused, times, failed, broken }: Verdict): string[] {
  const of = (which: 'post' | 'delivery') => [
    showNumber(quiet[which], 1),
    showNumber(abused[which], 1),
    showNumber(times[which], 1),
  ]
  return [name, ...of('post'), ...of('delivery'), String(failed), broken.length === 0 ? 'ok' : 'RED']
}

function megabytes(bytes: number): string {
  return `${showNumber(bytes / 1_000_000)} MB`
}
