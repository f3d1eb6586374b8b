import type { Inlet } from '../load/contender.ts'
import type { LoadReport } from '../load/load.ts'
import { here } from '../load/place.ts'
import type { Shape } from '../load/poster.ts'
import type { Received, Target } from '../load/target.ts'
import { type MeasuredProcess, startProcess } from './process.ts'
import type { Quantiles } from './quantiles.ts'
import type { Range } from './tally.ts'

export type { LoadReport }

/** A round that lost, failed or duplicated a message has no figures. */
export class Refusal extends Error {}

/** What is posted, over 64 connections unless told. */
export interface Load {
  messages: number
  /** Requests a second; 0 posts as fast as they are answered. */
  rate: number
  /** Of each message's data; 256 unless told. */
  bytes?: number
  /** Messages in one request. */
  batch?: number
  connections?: number
  /** `plain` unless told. */
  shape?: Shape
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
  /** Of all processes that the server needs, until it had settled what it took. */
  cpuSecondsPer10k: number
}

const BYTES = 256
let nextSequence = 1

/** The sequence number that the next message to be posted will have. */
export function nextMessage(): number {
  return nextSequence
}

/** Sends one round of messages through a server and waits until each has arrived. Throws a Refusal. */
export async function runRound(inlet: Inlet, target: Target, load: Load): Promise<Round> {
  const first = nextSequence
  await target.reset({ first, count: load.messages }, inlet.lanes)
  const cpuBefore = inlet.cost.cpuSeconds()
  const sent = await post(inlet, load)
  await target.untilReceived(load.messages * inlet.lanes)
  const settled = await inlet.settled()
  const cpuSeconds = inlet.cost.cpuSeconds() - cpuBefore
  const received = await target.stats()
  const refusal = refusalOf(inlet, { expected: sent.accepted * inlet.lanes, received, settled })
  if (refusal !== null) throw refusal
  return figures(load, sent, received, cpuSeconds)
}

/** Posts messages, each with a sequence number of its own, and waits for the answers alone. Throws a Refusal. */
export async function postAll(inlet: Inlet, load: Omit<Load, 'rate'>): Promise<LoadReport> {
  return await post(inlet, { ...load, rate: 0 })
}

async function post(inlet: Inlet, load: Load): Promise<LoadReport> {
  await using generator = startLoad(inlet, load)
  const sent = JSON.parse(await generator.firstLine()) as LoadReport
  inlet.server.mustRun()
  const refusal = because(inlet, failedPosts(load.messages, sent))
  if (refusal !== null) throw refusal
  return sent
}

/** Sequence numbers for messages that a scenario posts by itself. */
export function takeSequences(count: number): Range {
  const first = nextSequence
  nextSequence += count
  return { first, count }
}

/** A load generator of its own, with sequence numbers of its own; it ends by itself, or where it is stopped. */
export function startLoad(
  { urls, batchUrl, key }: Pick<Inlet, 'urls' | 'batchUrl' | 'key'>,
  { messages, rate, bytes = BYTES, batch = 0, connections = 64, shape = 'plain' }: Load,
): MeasuredProcess {
  const args = { messages, rate, first: nextSequence, bytes, batch, connections, shape, ...(key !== null && { key }) }
  nextSequence += messages
  const flags = Object.entries(args).map(([name, value]) => `--${name}=${value}`)
  const places = batch > 0 ? [batchUrl!] : urls
  return startProcess('the load generator', [here('load.ts'), ...flags, ...places.map((url) => `--url=${url}`)])
}

function misdelivered(expected: number, received: Received): string[] {
  const lost = expected - received.distinct
  const faults: [number, string][] = [
    [lost, `of ${expected} deliveries did not arrive`],
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

/** Why a round has no figures; null where it has. */
export function refusalOf(
  inlet: Inlet,
  { expected, received, settled }: { expected: number; received: Received; settled: boolean },
): Refusal | null {
  return because(inlet, [...misdelivered(expected, received), ...(settled ? [] : ['deliveries stayed pending'])])
}

function because(inlet: Inlet, faults: string[]): Refusal | null {
  if (faults.length === 0) return null
  return new Refusal(`${inlet.name}: ${faults.join('; ')}\n${inlet.server.lastOutput()}`.trim())
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
