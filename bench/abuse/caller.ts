import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Tenant } from './tenant.ts'

/** What an abuse sends with. */
export interface Caller {
  /** Resolves with the status, or null where there was none; what the answer says is thrown away. */
  send(method: string, path: string, body?: string | Buffer, headers?: Record<string, string>): Promise<number | null>
  /** A connection on which nothing was sent yet. */
  socket(): Socket
  /** The head of a request on such a connection. */
  head(method: string, path: string, headers?: Record<string, string>): string
}

const MAX_SOCKETS = 20_000
/**
 * So many refusals a second, for all that are at it together: a flood of requests that are refused is what the rate limit is
 * for, and would hide what is asked here.
 */
const REFUSALS_A_SECOND = 200
/** Keys that are rejected lock their address out, which must not be that of another tenant. */
const STRANGERS_ADDRESS = '127.0.0.2'

/** Sends as the tenant does, over connections that are kept; a stranger, who has no key, comes from another address. */
export function callerOf({ origin, key }: Pick<Tenant, 'origin'> & { key: string | null }): Caller {
  const localAddress = key === null ? STRANGERS_ADDRESS : undefined
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, localAddress })
  const url = new URL(origin)
  return {
    send(method, path, body, headers = {}) {
      const type = body === undefined ? {} : { 'content-type': 'application/json' }
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
      return new Promise((resolve) => {
        const all = { 'x-api-key': key ?? 'unknown', ...type, ...length, ...headers }
        const sent = request(`${origin}/v1${path}`, { method, agent, headers: all }, (response) => {
          response.resume()
          response.on('end', () => resolve(response.statusCode!))
          response.on('error', () => resolve(null))
        })
        sent.on('error', () => resolve(null))
        sent.end(body)
      })
    },
    socket() {
      const socket = connect({ host: url.hostname, port: Number(url.port), localAddress })
      socket.on('error', () => socket.destroy())
      return socket
    },
    head(method, path, headers = {}) {
      const lines = Object.entries({ host: url.host, 'x-api-key': key ?? 'unknown', ...headers })
      return `${method} /v1${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
    },
  }
}

/** So many at once, each of which begins again when it has ended, for ever. */
export function keepDoing(atOnce: number, work: (n: number) => Promise<number | null>): void {
  let n = 0
  const loop = async () => {
    for (;;) {
      const status = await work(n++)
      if (status === null || status >= 400) await sleep((atOnce / REFUSALS_A_SECOND) * 1_000)
    }
  }
  for (let worker = 0; worker < atOnce; worker++) void loop()
}
