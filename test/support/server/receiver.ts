import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { type WaitOptions, waitFor } from '../wait-for.ts'

/** A request that arrived at a receiver. */
export interface Received {
  path: string
  headers: IncomingHttpHeaders
  /** As text. */
  body: string
  bytes: Buffer
  /** What it was answered. */
  status: number
}

/** A listener's side: a real HTTP server that keeps what it gets. */
export interface Receiver {
  url: string
  received: Received[]
  /** Waits until so many have arrived: requests, where `arrived` does not count something else. */
  until(expected: number, arrived?: () => number, options?: WaitOptions): Promise<void>
  close(): Promise<void>
}

/** A test that fails does not come to its end, where it would have closed its receivers. */
const open = new Set<Receiver>()
after(() => Promise.all([...open].map((receiver) => receiver.close())))

/** Answers 200 unless `answer` does something else. */
export async function startReceiver(
  answer: (request: Received, response: ServerResponse) => void = (_, response) => response.end(),
): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const bytes = Buffer.concat(await Array.fromAsync(request))
    const body = bytes.toString('utf8')
    const entry = { path: request.url!, headers: request.headers, body, bytes, status: 0 }
    received.push(entry)
    answer(entry, response)
    entry.status = response.statusCode
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    until: (expected, arrived = () => received.length, options = {}) =>
      waitFor('requests at the receiver', arrived, expected, options),
    async close() {
      open.delete(receiver)
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  open.add(receiver)
  return receiver
}
