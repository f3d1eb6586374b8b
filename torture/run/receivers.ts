import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Random, randomOf } from '../plan/random.ts'
import { type Behaviour, HANGING_TIMEOUT_MS, OWN_HEADER } from '../plan/world.ts'
import type { Arrival } from '../record/record.ts'
import { type Clock, sleep } from './clock.ts'

/**
 * What becomes of a delivery before its receiver sees it: it passes, or, where a fault is planted, it is swallowed (answered
 * 200 without the receiver), comes twice, or comes late (answered before the receiver has it).
 */
type Handling = 'pass' | 'swallow' | 'twice' | 'late'
export type OnTheWay = (arrival: Arrival) => Handling

const LATE_MS = 1_500
const AGAIN_MS = 4_000

/** The listeners' side of all of them: one HTTP server, at which each behaviour has a path. */
export interface Receivers {
  urlOf(behaviour: Behaviour): string
  /** From now on everything is answered 200, at once. */
  heal(): void
  close(): Promise<void>
}

type Deps = { seed: number; clock: Clock; arrivals: Arrival[]; onTheWay: OnTheWay }

export async function startReceivers({ seed, clock, arrivals, onTheWay }: Deps): Promise<Receivers> {
  let healed = false
  const server = createServer(async (request, response) => {
    const at = clock()
    response.on('error', () => undefined)
    const body = await Array.fromAsync(request).catch(() => null)
    // The server was killed while it sent.
    if (body === null) return
    const arrival = arrivalOf(request, Buffer.concat(body).toString('utf8'), at)
    const handling = onTheWay(arrival)
    if (handling === 'swallow') return void response.end()
    if (handling === 'late') {
      response.end()
      return void setTimeout(() => arrivals.push(acknowledgedAt(arrival, clock())), LATE_MS)
    }
    if (handling === 'twice') setTimeout(() => arrivals.push(acknowledgedAt(arrival, clock())), AGAIN_MS)
    arrivals.push(arrival)
    response.once('finish', () => noteEnd(arrival, response.statusCode, clock()))
    const behaviour = healed ? 'steady' : (request.url!.slice(1) as Behaviour)
    const random = randomOf(seed, arrival.token, arrival.listenerId, arrival.attempt)
    await answer(behaviour, random, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    urlOf: (behaviour) => `http://127.0.0.1:${port}/${behaviour}`,
    heal() {
      healed = true
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function arrivalOf({ headers }: IncomingMessage, body: string, at: number): Arrival {
  const sequence = headers['discue-sequence']
  return {
    listenerId: String(headers['discue-listener']),
    messageId: String(headers['webhook-id']),
    token: tokenOf(body),
    ...{ at, endedAt: Number.POSITIVE_INFINITY, outcome: 'failed' },
    attempt: Number(headers['discue-attempt']),
    sequence: sequence === undefined ? null : Number(sequence),
    leasedUntil: 0,
    schedule: scheduleIn(headers),
  }
}

function scheduleIn(headers: IncomingMessage['headers']): Arrival['schedule'] {
  const [name, due, own] = [headers['discue-schedule'], headers['discue-due-at'], headers[OWN_HEADER.name]]
  if (name === undefined) return null
  return { name: String(name), dueAt: Date.parse(String(due)), own: own === undefined ? null : String(own) }
}

/** Which message it is, by its data; the data itself where it is none of the torture's. */
export function tokenOf(data: string): string {
  try {
    return String(JSON.parse(data).t)
  } catch {
    return data
  }
}

function acknowledgedAt(arrival: Arrival, at: number): Arrival {
  return { ...arrival, at, endedAt: at, outcome: 'acknowledged' }
}

function noteEnd(arrival: Arrival, status: number, at: number): void {
  arrival.endedAt = at
  if (status === 200) arrival.outcome = 'acknowledged'
}

async function answer(behaviour: Behaviour, random: Random, response: ServerResponse): Promise<void> {
  if (behaviour === 'flaky') {
    if (random.percent(8)) return void response.destroy()
    if (random.percent(2)) response.setHeader('retry-after', '1').statusCode = 503
    else if (random.percent(25)) response.statusCode = 500
  }
  if (behaviour === 'failing' && random.percent(40)) response.statusCode = 500
  if (behaviour === 'slow') await sleep(random.between(5, 300))
  if (behaviour === 'hanging') {
    if (random.percent(5)) return
    if (random.percent(10)) await sleep(HANGING_TIMEOUT_MS + random.between(0, 200))
  }
  response.end()
}
