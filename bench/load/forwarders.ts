import { Client, type Dispatcher } from 'undici'
import { createFifo } from './fifo.ts'

const IN_FLIGHT = 64
/** Watching the time is work too, and no part of relaying. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 }
const HEADERS = ['content-type', 'application/json']

/** Posts `data`; `done` gets null once it was answered with 2xx. */
export type Forward = (data: string, done: (error: Error | null) => void) => void

interface PendingPost {
  data: string
  done: (error: Error | null) => void
}

/**
 * The cheapest way to post with undici, at most 64 at a time; the rest wait in memory. One client is one connection: a
 * pool would look through its connections for a free one each time, and a stack of the free ones knows.
 */
export function createForwarders(target: string): Forward {
  const url = new URL(target)
  const waiting = createFifo<PendingPost>()
  const free = Array.from({ length: IN_FLIGHT }, () => createForwarder(url, next))

  function next(send: (job: PendingPost) => void): void {
    const job = waiting.take()
    if (job === undefined) free.push(send)
    else send(job)
  }

  return (data, done) => {
    const send = free.pop()
    if (send === undefined) waiting.add({ data, done })
    else send({ data, done })
  }
}

function createForwarder(url: URL, next: (send: (job: PendingPost) => void) => void): (job: PendingPost) => void {
  const client = new Client(url.origin, NO_TIMEOUTS)
  let status = 0
  let current: PendingPost | null = null
  const end = (error: Error | null) => {
    const { done } = current!
    current = null
    next(send)
    done(error)
  }
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart(_controller, statusCode) {
      status = statusCode
    },
    onResponseData() {},
    onResponseEnd: () => end(status >= 200 && status <= 299 ? null : new Error(`answered ${status}`)),
    onResponseError: (_controller, error) => end(error),
  }
  const send = (job: PendingPost) => {
    current = job
    client.dispatch({ path: url.pathname, method: 'POST', headers: HEADERS, body: job.data }, handler)
  }
  return send
}
