import type { Inlet } from './contender.ts'
import type { LoadReport } from './load.ts'
import { here } from './place.ts'
import { type MeasuredProcess, startProcess } from './process.ts'
import type { Quantiles } from './quantiles.ts'
import type { Received, Target } from './target.ts'

/** A round that lost, failed or duplicated a message has no figures. */
export class Refusal extends Error {}

/** Messages a second: `0` posts as fast as they are answered, over 64 connections. */
export interface Load {
  messages: number
  rate: number
}

export interface Round {
  /** From the first POST to the last message received, the rate of messages that were accepted and arrived. */
  messagesPerSecond: number
  /** From the first POST to the last answer, the rate of messages accepted. */
  acceptedPerSecond: number
  post: Quantiles
  /** From the time at which a message was meant to be sent until it was received. */
  endToEnd: Quantiles
  lag: Quantiles
  /** Of the server, until it had settled what it took. */
  cpuSecondsPer10k: number
}

const BYTES = 256
let nextSequence = 1

/** Sends one round of messages through a server and waits until each has arrived. Throws a Refusal. */
export async function runRound(inlet: Inlet, target: Target, load: Load): Promise<Round> {
  const first = nextSequence
  await target.reset({ first, count: load.messages })
  const cpuBefore = inlet.server.cpuSeconds()
  const sent = await post(inlet, load)
  await target.untilReceived(load.messages)
  const settled = await inlet.settled()
  const cpuSeconds = inlet.server.cpuSeconds() - cpuBefore
  const received = await target.stats()
  refuseWhere(inlet, [...misdelivered(sent, received), ...(settled ? [] : ['deliveries stayed pending'])])
  return figures(load, sent, received, cpuSeconds)
}

/** Posts messages, each with a sequence number of its own, and waits for the answers alone. Throws a Refusal. */
export async function postAll(inlet: Inlet, messages: number): Promise<LoadReport> {
  return await post(inlet, { messages, rate: 0 })
}

async function post(inlet: Inlet, { messages, rate }: Load): Promise<LoadReport> {
  await using load = startLoad(inlet, { messages, rate })
  const sent = JSON.parse(await load.firstLine()) as LoadReport
  inlet.server.mustRun()
  refuseWhere(inlet, failedPosts(messages, sent))
  return sent
}

/** A load generator of its own, with sequence numbers of its own; it ends by itself, or where it is stopped. */
export function startLoad({ urls, key }: Pick<Inlet, 'urls' | 'key'>, { messages, rate }: Load): MeasuredProcess {
  const args = { messages, rate, first: nextSequence, bytes: BYTES, ...(key !== null && { key }) }
  nextSequence += messages
  const flags = Object.entries(args).map(([name, value]) => `--${name}=${value}`)
  return startProcess('the load generator', [here('load.ts'), ...flags, ...urls.map((url) => `--url=${url}`)])
}

function misdelivered(sent: LoadReport, received: Received): string[] {
  const lost = sent.accepted - received.distinct
  const faults: [number, string][] = [
    [lost, `of ${sent.accepted} accepted messages did not arrive`],
    [-lost, 'messages arrived that were not accepted'],
    [received.duplicates, 'messages arrived more than once'],
    [received.strays, 'messages of an earlier round arrived again'],
    [received.malformed, 'messages arrived damaged'],
  ]
  return faults.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
}

function failedPosts(messages: number, { accepted, errors }: LoadReport): string[] {
  if (accepted === messages) return []
  return [`${messages - accepted} of ${messages} posts failed: ${JSON.stringify(errors)}`]
}

function refuseWhere(inlet: Inlet, faults: string[]): void {
  if (faults.length === 0) return
  throw new Refusal(`${inlet.name}: ${faults.join('; ')}\n${inlet.server.lastOutput()}`.trim())
}

function figures(load: Load, sent: LoadReport, received: Received, cpuSeconds: number): Round {
  const perSecond = (until: number) => (load.messages / (until - sent.firstSentAt)) * 1_000_000
  return {
    messagesPerSecond: perSecond(received.lastReceivedAt),
    acceptedPerSecond: perSecond(sent.lastAnsweredAt),
    post: sent.post,
    endToEnd: received.latency,
    lag: sent.lag,
    cpuSecondsPer10k: (cpuSeconds / load.messages) * 10_000,
  }
}
