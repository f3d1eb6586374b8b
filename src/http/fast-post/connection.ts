import type { Socket } from 'node:net'
import type { Answer } from './answer.ts'
import { readPlainMessage } from './body.ts'
import { type PlainHead, readPlainHead } from './head.ts'
import type { ClientReading } from './reading.ts'
import type { PlainPost, Serve } from './serve.ts'

/** The head of a plain post is a few hundred bytes; one that is longer is not looked at. */
const MAX_HEAD_BYTES = 4 * 1024
const HEAD_END = '\r\n\r\n'

export interface ConnectionDeps {
  serve: Serve
  text: (answer: Answer) => string
  /** How long a connection may do nothing. */
  keepAliveMs: number
  /** Reads for all connections. */
  reading: ClientReading
  /** Takes the socket over, with these bytes as the first that it reads. */
  handOver: (socket: Socket, bytes: Buffer) => void
  /** The connection has ended, or was handed over. */
  left: (connection: FastConnection) => void
}

/**
 * A client's connection while it sends nothing but plain posts, each in one piece. The first bytes that are anything
 * else go to Node's own server, with the connection, for good; what they mean is decided there.
 */
export class FastConnection {
  readonly socket: Socket
  readonly #deps: ConnectionDeps
  /** A post is being answered; what comes meanwhile waits. */
  #busy = false
  #waiting: Buffer | null = null
  /** Nothing more will be asked over it. */
  #ended = false
  /** It was handed over. */
  #handedOver = false
  /** The head that was read last, with its empty line: clients repeat theirs. */
  #headBytes: Buffer | null = null
  #head: PlainHead | null = null

  /** `accepted`: nobody has listened to it yet. */
  constructor(accepted: Socket, deps: ConnectionDeps) {
    this.#deps = deps
    this.socket = deps.reading.adopt(accepted, this.#onData)
    const socket = this.socket
    socket.setTimeout(deps.keepAliveMs)
    socket.on('end', this.#onEnd).on('timeout', this.#onTimeout).on('error', this.#onError).on('close', this.#onClose)
    socket.resume()
  }

  /** Ends it as soon as what was begun is answered. */
  close(): void {
    this.#ended = true
    this.#waiting = null
    if (!this.#busy) this.socket.destroy()
  }

  /** The bytes are those of the next connection once this returns. */
  readonly #onData = (bytes: Buffer): boolean => {
    // Node's server reads past this socket, but for what comes once it has let go of it.
    if (this.#handedOver) return this.socket.push(Buffer.from(bytes))
    if (!this.#busy) {
      this.#take(bytes)
      return true
    }
    this.#waiting = this.#waiting === null ? Buffer.from(bytes) : Buffer.concat([this.#waiting, bytes])
    // Whoever sends on without reading answers waits until they are sent.
    this.socket.pause()
    return false
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    if (!this.#busy) this.socket.destroySoon()
  }

  readonly #onTimeout = (): void => {
    if (!this.#busy) this.socket.destroy()
  }

  readonly #onError = (): void => {
    this.socket.destroy()
  }

  readonly #onClose = (): void => {
    this.#deps.left(this)
  }

  #take(bytes: Buffer): void {
    const post = this.#read(bytes)
    if (post === null) {
      this.#leave(bytes)
      return
    }
    this.#busy = true
    this.#deps.serve(post, this.#onAnswer)
  }

  readonly #onAnswer = (answer: Answer): void => {
    this.#busy = false
    const socket = this.socket
    if (socket.destroyed) return
    // It is all ASCII: ids, a checked host, and reasons that quote nothing.
    const text = this.#deps.text(answer)
    socket.write(text, 'latin1')
    if (this.#waiting !== null) {
      const waiting = this.#waiting
      this.#waiting = null
      socket.resume()
      this.#take(waiting)
    } else if (this.#ended) socket.destroySoon()
  }

  /** The post that these bytes begin with; null where they are not the whole of one. What follows it waits. */
  #read(bytes: Buffer): PlainPost | null {
    const head = this.#headIn(bytes)
    if (head === null) return null
    const from = this.#headBytes!.length
    const until = from + head.length
    if (until > bytes.length) return null
    const message = readPlainMessage(bytes, from, until)
    if (message === null) return null
    if (until < bytes.length) this.#waiting = Buffer.from(bytes.subarray(until))
    return { head, message, peer: this.socket.remoteAddress }
  }

  #headIn(bytes: Buffer): PlainHead | null {
    const known = this.#headBytes
    if (
      known !== null &&
      bytes.length >= known.length &&
      bytes.compare(known, 0, known.length, 0, known.length) === 0
    ) {
      return this.#head
    }
    const text = bytes.toString('latin1', 0, Math.min(bytes.length, MAX_HEAD_BYTES))
    const end = text.indexOf(HEAD_END)
    if (end === -1) return null
    this.#head = readPlainHead(text.slice(0, end))
    this.#headBytes = Buffer.from(bytes.subarray(0, end + HEAD_END.length))
    return this.#head
  }

  #leave(bytes: Buffer): void {
    const socket = this.socket
    socket.off('end', this.#onEnd).off('timeout', this.#onTimeout)
    socket.off('error', this.#onError).off('close', this.#onClose)
    socket.setTimeout(0)
    this.#handedOver = true
    this.#deps.left(this)
    this.#deps.handOver(socket, Buffer.from(bytes))
  }
}
