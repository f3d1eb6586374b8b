// The load generator: posts numbered messages over keep-alive connections and reports in JSON on stdout.
//   node bench/load/load.ts --url http://127.0.0.1:3000/v1/queues/…/messages [--url …] [--key …] [--messages n] [--first n]
//     [--connections 64] [--bytes 256] [--batch messages in one request; 0: no batches]
//     [--rate requests a second; 0: as fast as they are answered] [--shape plain, forwarded or later]
import { parseArgs } from 'node:util'
import { monotonicMicros } from '../measure/clock.ts'
import { createDurations, type Quantiles, quantilesOf, recordMicros } from '../measure/quantiles.ts'
import { createFifo } from './fifo.ts'
import { MIN_BYTES } from './payload.ts'
import { type Outcome, openPoster, type Poster, SHAPES } from './poster.ts'

export interface LoadReport {
  accepted: number
  /** Requests, by status, `connection` or `timeout`. */
  errors: Record<string, number>
  /** Microseconds of the monotonic clock. */
  firstSentAt: number
  lastAnsweredAt: number
  /** From the time at which a message was meant to be sent until it was answered. */
  post: Quantiles
  /** How late the generator itself was: from the time at which a message was meant to be sent until it was. */
  lag: Quantiles
}

const options = {
  url: { type: 'string', multiple: true },
  key: { type: 'string' },
  messages: { type: 'string', default: '1000' },
  first: { type: 'string', default: '0' },
  connections: { type: 'string', default: '64' },
  bytes: { type: 'string', default: '256' },
  rate: { type: 'string', default: '0' },
  batch: { type: 'string', default: '0' },
  shape: { type: 'string', default: 'plain' },
} as const

const { values } = parseArgs({ options })
if (values.url === undefined) throw new Error('--url says where to post')
const batch = Number(values.batch)
const shape = SHAPES.find((one) => one === values.shape)
if (shape === undefined) throw new Error(`--shape must be one of ${SHAPES.join(', ')}`)
const target = {
  urls: values.url.map((url) => new URL(url)),
  key: values.key ?? null,
  dataBytes: Number(values.bytes),
  batch: batch === 0 ? null : batch,
  shape,
}
if (target.dataBytes < MIN_BYTES) throw new Error(`--bytes must be at least ${MIN_BYTES}`)
const perRequest = Math.max(1, batch)
if (Number(values.messages) % perRequest !== 0) throw new Error('--messages must be a multiple of --batch')
const requests = Number(values.messages) / perRequest
const first = Number(values.first)
const microsBetween = Number(values.rate) === 0 ? 0 : 1_000_000 / Number(values.rate)

const posts = createDurations()
const lags = createDurations()
const errors: Record<string, number> = {}
const idle = createFifo<Poster>()
let sent = 0
let answered = 0
let startedAt = 0
let timer: NodeJS.Timeout | undefined

const posters: Poster[] = []
const origins = [...Map.groupBy(target.urls, ({ origin }) => origin).values()]
for (let n = 0; n < Number(values.connections); n++) {
  // Each connection stays with one server; of several, each gets as many.
  posters.push(await openPoster({ ...target, urls: origins[n % origins.length]! }, take))
}
for (const poster of posters) idle.add(poster)
startedAt = monotonicMicros()
pump()

// In an open loop the send times are fixed beforehand: a message that has to wait because the server is slow has its
// waiting counted, instead of being sent, and so measured, later.
function pump(): void {
  const now = monotonicMicros()
  while (sent < requests && dueAt(sent, now) <= now) {
    const poster = idle.take()
    if (poster === undefined) return
    post(poster, dueAt(sent, now))
  }
  if (sent < requests && microsBetween > 0) wait()
}

function dueAt(index: number, now: number): number {
  return microsBetween === 0 ? now : Math.round(startedAt + index * microsBetween)
}

function post(poster: Poster, intendedAt: number): void {
  recordMicros(lags, monotonicMicros() - intendedAt)
  poster.post(first + sent++ * perRequest, intendedAt)
}

function wait(): void {
  clearTimeout(timer)
  timer = setTimeout(pump, Math.max(1, (dueAt(sent, 0) - monotonicMicros()) / 1000))
}

function take(poster: Poster, outcome: Outcome, intendedAt: number): void {
  answered++
  if (outcome === 200) recordMicros(posts, monotonicMicros() - intendedAt)
  else errors[outcome] = (errors[outcome] ?? 0) + 1
  idle.add(poster)
  if (answered === requests) report()
  else pump()
}

function report(): void {
  for (const poster of posters) poster.close()
  const figures: LoadReport = {
    accepted: posts.count * perRequest,
    errors,
    firstSentAt: startedAt,
    lastAnsweredAt: monotonicMicros(),
    post: quantilesOf(posts),
    lag: quantilesOf(lags),
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}
