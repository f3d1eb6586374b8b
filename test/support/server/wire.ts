import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** An answer as it came over the wire. */
export interface WireAnswer {
  statusLine: string
  headers: Record<string, string>
  body: string
}

/** Characters of answers that were read, and are still in memory. */
const MAX_READ_CHARS = 64 * 1024

/** A connection over which answers are read one after the other. */
export class Client {
  readonly socket: Socket
  /** What has come; answers that were read before `#at` are cut off now and then, and not each time. */
  #text = ''
  #at = 0
  #ended = false
  #wake: () => void = () => undefined

  /** Over a connection of its own to this port, or over one that is open already. */
  constructor(to: number | Socket) {
    this.socket = typeof to === 'number' ? connect({ port: to, host: '127.0.0.1', allowHalfOpen: true }) : to
    this.socket.setNoDelay(true)
    this.socket.on('data', (bytes) => {
      this.#text += bytes.toString('latin1')
      this.#wake()
    })
    this.socket.on('error', () => undefined)
    for (const event of ['end', 'close']) {
      this.socket.on(event, () => {
        this.#ended = true
        this.#wake()
      })
    }
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes)
  }

  /** The next answer; null where the server has hung up without one. */
  async answer(): Promise<WireAnswer | null> {
    for (;;) {
      const found = this.#next()
      if (found !== null || this.#ended) return found
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async closed(): Promise<void> {
    if (!this.#ended) await once(this.socket, 'end')
  }

  #next(): WireAnswer | null {
    const end = this.#text.indexOf('\r\n\r\n', this.#at)
    if (end === -1) return null
    const [statusLine = '', ...fields] = this.#text.slice(this.#at, end).split('\r\n')
    const headers = Object.fromEntries(
      fields.map((field) => [
        field.slice(0, field.indexOf(':')).toLowerCase(),
        field.slice(field.indexOf(':') + 1).trim(),
      ]),
    )
    const until = end + 4 + Number(headers['content-length'])
    if (this.#text.length < until) return null
    const body = this.#text.slice(end + 4, until)
    this.#at = until
    if (until > MAX_READ_CHARS) {
      this.#text = this.#text.slice(until)
      this.#at = 0
    }
    return { statusLine, headers, body }
  }
}

/** Makes an API listen; answers with its port. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

/** A post as clients write it; `fields` are more of its head's lines. */
export function post(
  queueId: string,
  { key, body, path, fields = [] }: { key: string; body: unknown; path?: string; fields?: string[] },
): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return [
    `POST ${path ?? `/v1/queues/${queueId}/messages`} HTTP/1.1`,
    'Host: localhost:3000',
    'Content-Type: application/json',
    `X-API-KEY: ${key}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...fields,
    '',
    text,
  ].join('\r\n')
}
