import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Outcome } from '../../../src/core/delivery/attempt.ts'
import { ANY_TARGET } from '../../../src/core/network/target.ts'
import {
  createSender,
  type OutgoingRequest,
  type Sender,
  type SenderOptions,
} from '../../../src/engine/client/sender.ts'
import { createRuntime, type Log } from '../../../src/runtime.ts'

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
/** Longer than anything here takes, so that only what is meant to time out does. */
export const PATIENT_MS = 30_000
export const IMPATIENT_MS = 150
/** For what has to come before a timeout: on a busy machine the shortest may not be long enough for it. */
export const PATIENCES_MS = [IMPATIENT_MS, 10 * IMPATIENT_MS, PATIENT_MS]

export function openSender(t: TestContext, targets = ANY_TARGET, options: Partial<SenderOptions> = {}): Sender {
  const sender = createSender(createRuntime(silent), targets, { egress: null, ...options })
  t.after(() => sender.close())
  return sender
}

export async function listen(t: TestContext, server: ReturnType<typeof createTcpServer>): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that answers as told; answers with its origin. */
export async function openHttp(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  return `http://${await listen(t, createHttpServer(answer))}`
}

/** A server that speaks no HTTP of its own: `talk` runs when the first bytes of a request have come. */
export async function openTcp(t: TestContext, talk: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => socket.once('data', () => talk(socket)))
  return `http://${await listen(t, server)}`
}

export function to(origin: string, what: Partial<OutgoingRequest> = {}): OutgoingRequest {
  const [headers, startedAt] = [['content-type', 'text/plain'], Date.now()]
  return { method: 'POST', origin, path: '/', headers, body: 'hello', timeoutMs: PATIENT_MS, startedAt, ...what }
}

export async function sent(sender: Sender, request: OutgoingRequest): Promise<Outcome> {
  const outcome = await sender.send(request)
  assert.ok(outcome !== 'aborted')
  return outcome
}
