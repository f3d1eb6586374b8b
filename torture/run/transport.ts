import { Agent, request } from 'node:http'
import type { Verdict } from '../record/record.ts'

export interface ApiRequest {
  method: string
  /** Below `/v1`. */
  path: string
  body?: unknown
  idempotencyKey?: string
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by whoever asked, each with its own idea of them
type Json = any

export interface ApiAnswer {
  /** 0 where there was none. */
  status: number
  body: Json
  /** What is known of it: whether the server did what it was asked. */
  verdict: Verdict
}

/** Asks one node of the servers. It never throws: what came of the request is in the answer. */
export type Transport = (node: number, request: ApiRequest) => Promise<ApiAnswer>

/** A node that stands still is waited for; this is longer than it does. */
const TIMEOUT_MS = 30_000
/** Nothing listened there, so that nothing was sent. */
const NEVER_SENT = new Set(['ECONNREFUSED'])

export function createTransport(urlOf: (node: number) => string, key: string): Transport & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const call: Transport = (node, asked) =>
    send(agent, `${urlOf(node)}/v1${asked.path}`, key, asked).catch((error: NodeJS.ErrnoException) => ({
      status: 0,
      body: { detail: error.message },
      verdict: NEVER_SENT.has(error.code ?? '') ? 'refused' : 'unknown',
    }))
  return Object.assign(call, { [Symbol.dispose]: () => agent.destroy() })
}

async function send(agent: Agent, url: string, key: string, asked: ApiRequest): Promise<ApiAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>()
  const text = asked.body === undefined ? undefined : JSON.stringify(asked.body)
  const headers = {
    'x-api-key': key,
    ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...(asked.idempotencyKey !== undefined && { 'idempotency-key': asked.idempotencyKey }),
  }
  const outgoing = request(url, { method: asked.method, headers, agent, timeout: TIMEOUT_MS }, async (response) => {
    try {
      const body = JSON.parse(Buffer.concat(await Array.fromAsync(response)).toString('utf8'))
      resolve({ status: response.statusCode!, body, verdict: verdictOn(response.statusCode!, body) })
    } catch (error) {
      reject(error)
    }
  })
  outgoing.on('error', reject)
  outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')))
  outgoing.end(text)
  return promise
}

/** A 503 says that nothing was stored, or that its outcome is unknown; a 500 is a fault that says neither. */
function verdictOn(status: number, body: Json): Verdict {
  if (status === 200) return 'accepted'
  if (status === 500 || (status === 503 && /unknown/.test(body?.detail ?? ''))) return 'unknown'
  return 'refused'
}
