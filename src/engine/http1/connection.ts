import type { Socket } from 'node:net'
import type { Connect } from '../safe-connector.ts'
import type { SharedReading } from '../shared-reading.ts'
import { type OutgoingMessage, requestHead } from './request-text.ts'
import { type HeadMemo, ResponseParser, type ResponseSink } from './response-parser.ts'

/** Is told of a response as it comes, and of its end or of what went wrong: one of these two, once. */
export interface ResponseHandler extends ResponseSink {
  onEnd(): void
  onError(error: Error): void
}

/** What connections share. */
export interface ConnectionDeps {
  connect: Connect
  reading: SharedReading
  now: () => number
  memo: HeadMemo
}

/** How long a connection without use is used again, where the server does not say; most servers wait for five seconds. */
const IDLE_MS = 4_000
/** The server closes it after the time that it says; what we send then would be lost. */
const IDLE_MARGIN_MS = 1_000
const MAX_IDLE_MS = 600_000

interface Unsent {
  head: string
  body: string
  bodyBytes: number
}

/** The other side has ended the connection before its response was complete. */
class ConnectionClosed extends Error {
  readonly code = 'ECONNRESET'

  constructor() {
    super('the other side closed the connection')
  }
}

/**
 * One connection of HTTP/1.1 to an origin, over which one request goes at a time. It connects when it is needed, and
 * again where the other side has closed it meanwhile.
 */
export class Connection {
  readonly #connect: Connect
  readonly #reading: SharedReading
  readonly #now: () => number
  readonly #url: URL
  /** As the `host` field has it: asking the URL builds it each time. */
  readonly #host: string
  readonly #parser: ResponseParser
  #socket: Socket | null = null
  /** While it is connecting. */
  #pending: Socket | null = null
  #handler: ResponseHandler | null = null
  /** What is to be written once it is connected. */
  #unsent: Unsent | null = null
  /** When the other side may have given it up. */
  #usableUntil = Number.POSITIVE_INFINITY
  #destroyed = false

  constructor(origin: string, deps: ConnectionDeps) {
    this.#connect = deps.connect
    this.#reading = deps.reading
    this.#now = deps.now
    this.#url = new URL(origin)
    this.#host = this.#url.host
    this.#parser = new ResponseParser(deps.memo)
  }

  /** Sends a request, the one before having ended. Never throws: whatever goes wrong is told to the handler. */
  dispatch(request: OutgoingMessage, handler: ResponseHandler): void {
    this.#handler = handler
    const body = request.body ?? ''
    const bodyBytes = Buffer.byteLength(body)
    try {
      this.#unsent = { head: requestHead(request, this.#host, bodyBytes), body, bodyBytes }
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    if (this.#socket !== null && (this.#now() >= this.#usableUntil || !this.#socket.writable)) this.#disconnect()
    if (this.#socket === null) this.#open()
    else this.#write(this.#socket)
  }

  /** Ends it, whatever is under way; its handler is told nothing more. */
  destroy(): void {
    this.#destroyed = true
    this.#handler = null
    this.#unsent = null
    this.#disconnect()
  }

  #open(): void {
    const { protocol, hostname, host, port } = this.#url
    // The brackets of an IPv6 address belong to the URL alone.
    const to = { protocol, host, port, hostname: hostname.replace(/^\[|\]$/g, '') }
    this.#pending = this.#connect(to, (error, socket) => {
      this.#pending = null
      if (this.#destroyed) socket?.destroy()
      else if (error !== null) this.#fail(error)
      else this.#opened(socket)
    })
  }

  #opened(socket: Socket): void {
    this.#socket = socket
    socket.setNoDelay(true)
    // A socket that is not this connection's any more has nothing to say.
    const whileOurs = (then: () => void) => () => {
      if (this.#socket === socket) then()
    }
    const take = (bytes: Buffer) => {
      if (this.#socket === socket) this.#read(bytes)
    }
    if (!this.#reading.deliver(socket, take)) socket.on('data', take)
    socket.on('error', (error) => {
      if (this.#socket === socket) this.#fail(error)
    })
    socket.on(
      'end',
      whileOurs(() => this.#closed()),
    )
    socket.on(
      'close',
      whileOurs(() => this.#closed()),
    )
    this.#write(socket)
  }

  #write(socket: Socket): void {
    const { head, body, bodyBytes } = this.#unsent!
    this.#unsent = null
    this.#parser.begin(this.#handler!)
    // One write is one system call. What is plain ASCII is the same bytes in latin1, and need not be encoded.
    if (body.length === bodyBytes) socket.write(head + body, 'latin1')
    else {
      socket.cork()
      socket.write(head, 'latin1')
      socket.write(body, 'utf8')
      socket.uncork()
    }
  }

  #read(bytes: Buffer): void {
    // Nobody has asked for it: who knows what it would be the answer to.
    if (this.#handler === null) {
      this.#disconnect()
      return
    }
    let used: number
    try {
      used = this.#parser.execute(bytes)
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    // The handler may have had enough.
    if (this.#handler !== null && this.#parser.ended) this.#complete(used === bytes.length)
  }

  /** The response is there to its end. `alone`: nothing came behind it. */
  #complete(alone: boolean): void {
    const handler = this.#handler!
    this.#handler = null
    const idleMs = this.#reusableForMs(alone)
    if (idleMs > 0) this.#usableUntil = this.#now() + idleMs
    else this.#disconnect()
    handler.onEnd()
  }

  /** How long it may wait for its next request; 0 where it must not have another one. */
  #reusableForMs(alone: boolean): number {
    const { head } = this.#parser
    if (!alone || head === null || !head.keepsAlive || this.#socket!.writableLength > 0) return 0
    if (head.idleMs === null) return IDLE_MS
    return Math.min(head.idleMs - IDLE_MARGIN_MS, MAX_IDLE_MS)
  }

  /** The other side has ended it. */
  #closed(): void {
    if (this.#handler !== null && this.#parser.finish()) this.#complete(false)
    else this.#fail(new ConnectionClosed())
  }

  #fail(error: Error): void {
    const handler = this.#handler
    this.#handler = null
    this.#disconnect()
    handler?.onError(error)
  }

  #disconnect(): void {
    this.#socket?.destroy()
    this.#pending?.destroy()
    this.#socket = null
    this.#pending = null
    this.#usableUntil = Number.POSITIVE_INFINITY
  }
}
