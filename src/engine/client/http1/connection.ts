import type { Socket } from 'node:net'
import type { ClientTls } from '../client-tls.ts'
import type { Pending } from '../connection-race.ts'
import type { Connect } from '../safe-connector.ts'
import type { SharedReading } from '../shared-reading.ts'
import type { HeadMemo } from './head-memo.ts'
import { type OutgoingMessage, requestHead } from './request-text.ts'
import { ResponseParser, type ResponseSink } from './response-parser.ts'

/** Is told of a response as it comes, and of its end or of what went wrong: one of these two, once. */
export interface ResponseHandler extends ResponseSink {
  /** All that has come of it is read, so many bytes this time, and more is to come. */
  onPause(readBytes: number): void
  onEnd(): void
  onError(error: Error): void
  /** A name is being looked up, which has a time limit of its own; then it is not any more. */
  onLookUp(underWay: boolean): void
}

/** What a connection is for, and the pool that it stands in. */
interface ConnectionAsk {
  origin: string
  pool: string
  tls: ClientTls | null
}

/** What connections share. */
export interface ConnectionDeps {
  connect: Connect
  reading: SharedReading
  now: () => number
  /** Uniform in [0, 1). */
  random: () => number
  memo: HeadMemo
}

/** How long a connection without use is used again, where the server does not say; most servers wait for five seconds. */
const IDLE_MS = 4_000
/** The server closes it after the time that it says; what we send then would be lost. */
const IDLE_MARGIN_MS = 1_000
const MAX_IDLE_MS = 600_000
/** How long a connection is used, at most, so that a name which means another place by now is followed there. */
const MAX_LIFE_MS = 60_000
/** Part of it that differs between connections, so that those opened together do not end together. */
const LIFE_SPREAD = 1 / 6

const CUT_SHORT = 'the connection was closed in the middle of the answer'
const UNANSWERED = 'the connection was closed before an answer came'
const PERHAPS_TLS = 'if the port speaks TLS, the URL should begin with https://'

/** A request as it goes on the wire. */
interface Written {
  head: string
  body: string | Buffer
  bodyBytes: number
}

/** The other side has ended the connection before its response was complete. */
class ConnectionClosed extends Error {
  readonly code = 'CONNECTION_CLOSED'
}

/**
 * One connection of HTTP/1.1 to an origin, over which one request goes at a time. It connects when it is needed, and
 * again where the other side has closed it meanwhile: also where that shows only as the next request is on its way,
 * which is then sent once more, over a new connection (RFC 9112, section 9.3.1: a client may repeat what it knows to be
 * safe to repeat, and the receiver of a delivery knows it again by its id).
 */
export class Connection {
  readonly #connect: Connect
  readonly #reading: SharedReading
  readonly #now: () => number
  readonly #random: () => number
  readonly #pool: string
  readonly #tls: ClientTls | null
  readonly #url: URL
  /** As the `host` field has it: asking the URL builds it each time. */
  readonly #host: string
  readonly #parser: ResponseParser
  #socket: Socket | null = null
  /** While it is connecting. */
  #pending: Pending | null = null
  #handler: ResponseHandler | null = null
  /** For whom the request under way is; see `NameAsk`. */
  #asker = ''
  /** What is to be written, and may have to be written again; until the first byte of its response has come. */
  #request: Written | null = null
  /** The socket has carried a request before, so that its other side may have closed it before this one came. */
  #isReused = false
  /** When the other side may have given it up. */
  #usableUntil = Number.POSITIVE_INFINITY
  /** When its socket is too old for another request. */
  #livesUntil = 0
  #destroyed = false

  constructor({ origin, pool, tls }: ConnectionAsk, deps: ConnectionDeps) {
    this.#connect = deps.connect
    this.#reading = deps.reading
    this.#now = deps.now
    this.#random = deps.random
    this.#pool = pool
    this.#tls = tls
    this.#url = new URL(origin)
    this.#host = this.#url.host
    this.#parser = new ResponseParser(deps.memo)
  }

  /** Sends a request, the one before having ended. Never throws: whatever goes wrong is told to the handler. */
  dispatch(request: OutgoingMessage, handler: ResponseHandler): void {
    this.#handler = handler
    this.#asker = request.organizationId ?? ''
    const body = request.body ?? ''
    const bodyBytes = Buffer.byteLength(body)
    try {
      this.#request = { head: requestHead(request, this.#host, bodyBytes), body, bodyBytes }
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    if (this.#socket !== null && (this.#now() >= this.#usableUntil || !this.#socket.writable)) this.#disconnect()
    this.#isReused = this.#socket !== null
    if (this.#socket === null) this.#open()
    else this.#write(this.#socket)
  }

  /** Ends it, whatever is under way; its handler is told nothing more. */
  destroy(): void {
    this.#destroyed = true
    this.#handler = null
    this.#request = null
    this.#disconnect()
  }

  #open(): void {
    const { protocol, hostname, port } = this.#url
    const [pool, tls, asker] = [this.#pool, this.#tls, this.#asker]
    const onLookUp = (underWay: boolean) => this.#handler?.onLookUp(underWay)
    // The brackets of an IPv6 address belong to the URL alone.
    const to = { protocol, port, hostname: hostname.replace(/^\[|\]$/g, ''), pool, tls, asker, onLookUp }
    this.#pending = this.#connect(to, (error, socket) => {
      this.#pending = null
      if (this.#destroyed) socket?.destroy()
      else if (error !== null) this.#fail(error)
      else this.#opened(socket)
    })
  }

  #opened(socket: Socket): void {
    this.#socket = socket
    this.#livesUntil = this.#now() + MAX_LIFE_MS * (1 - LIFE_SPREAD * this.#random())
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
    const { head, body, bodyBytes } = this.#request!
    this.#parser.begin(this.#handler!)
    // One write is one system call. What is plain ASCII is the same bytes in latin1, and need not be encoded.
    if (typeof body === 'string' && body.length === bodyBytes) socket.write(head + body, 'latin1')
    else {
      socket.cork()
      socket.write(head, 'latin1')
      // An encoding is for texts alone.
      if (typeof body === 'string') socket.write(body, 'utf8')
      else socket.write(body)
      socket.uncork()
    }
  }

  #read(bytes: Buffer): void {
    // No request is waiting for it: it would be taken for the answer to the next one.
    if (this.#handler === null) {
      this.#disconnect()
      return
    }
    this.#request = null
    let used: number
    try {
      used = this.#parser.execute(bytes)
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    // The handler may have had enough.
    if (this.#handler === null) return
    if (this.#parser.ended) this.#complete(used === bytes.length)
    else this.#handler.onPause(used)
  }

  /** The response is there to its end. `alone`: nothing came behind it. */
  #complete(alone: boolean): void {
    const handler = this.#handler!
    this.#handler = null
    const now = this.#now()
    const usableUntil = Math.min(now + this.#reusableForMs(alone), this.#livesUntil)
    if (usableUntil > now) this.#usableUntil = usableUntil
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
    else this.#fail(new ConnectionClosed(this.#request === null ? CUT_SHORT : this.#closedUnanswered()))
  }

  /** Many ports of TLS end a connection without a word that does not begin as they expect. */
  #closedUnanswered(): string {
    return this.#url.protocol === 'http:' ? `${UNANSWERED}; ${PERHAPS_TLS}` : UNANSWERED
  }

  #fail(error: Error): void {
    if (this.#isReused && this.#request !== null) {
      this.#sendAgain()
      return
    }
    this.#request = null
    const handler = this.#handler
    this.#handler = null
    this.#disconnect()
    handler?.onError(error)
  }

  /** Not a byte of an answer came over a connection that had been idle: it was closed, since when is unknown. */
  #sendAgain(): void {
    this.#isReused = false
    this.#disconnect()
    this.#open()
  }

  #disconnect(): void {
    this.#socket?.destroy()
    this.#pending?.destroy()
    this.#socket = null
    this.#pending = null
    this.#usableUntil = Number.POSITIVE_INFINITY
  }
}
