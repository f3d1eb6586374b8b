import type { Socket } from 'node:net'
import type { Answer } from './answer.ts'
import { readPlainMessage } from './body.ts'
import { type PlainHead, readPlainHead } from './head.ts'
import type { PlainPost, Serve } from './serve.ts'

/** The head of a plain post is a few hundred bytes; one that is longer is not looked at. */
const MAX_HEAD_BYTES = 4 * 1024

export interface ConnectionDeps {
  serve: Serve
  text: (answer: Answer) => string
  /** How long a connection may do nothing. */
  keepAliveMs: number
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
  readonly #socket: Socket
  readonly #deps: ConnectionDeps
  /** A post is being answered; what comes meanwhile waits. */
  #busy = false
  #waiting: Buffer | null = null
  /** Nothing more will be asked over it. */
  #ended = false
  /** The head that was read last: clients repeat theirs. */
  #headText = ''
  #head: PlainHead | null = null

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket
    this.#deps = deps
    socket.setTimeout(deps.keepAliveMs)
    socket.on('data', this.#onData).on('end', this.#onEnd).on('timeout', this.#onTimeout)
    socket.on('error', this.#onError).on('close', this.#onClose)
  }

  /** Ends it as soon as what was begun is answered. */
  close(): void {
    this.#ended = true
    this.#waiting = null
    if (!this.#busy) this.#socket.destroy()
  }

  readonly #onData = (bytes: Buffer): void => {
    if (!this.#busy) {
      this.#take(bytes)
      return
    }
    this.#waiting = this.#waiting === null ? bytes : Buffer.concat([this.#waiting, bytes])
    // Whoever sends on without reading answers waits until they are sent.
    this.#socket.pause()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    if (!this.#busy) this.#socket.destroySoon()
  }

  readonly #onTimeout = (): void => {
    if (!this.#busy) this.#socket.destroy()
  }

  readonly #onError = (): void => {
    this.#socket.destroy()
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
    const socket = this.#socket
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
    const text = bytes.toString('latin1', 0, Math.min(bytes.length, MAX_HEAD_BYTES))
    const end = text.indexOf('\r\n\r\n')
    if (end === -1) return null
    const head = this.#headOf(text.slice(0, end))
    if (head === null) return null
    const until = end + 4 + head.length
    if (until > bytes.length) return null
    const message = readPlainMessage(bytes.subarray(end + 4, until))
    if (message === null) return null
    if (until < bytes.length) this.#waiting = bytes.subarray(until)
    return { head, message, peer: this.#socket.remoteAddress }
  }

  #headOf(text: string): PlainHead | null {
    if (text !== this.#headText) {
      this.#head = readPlainHead(text)
      this.#headText = text
    }
    return this.#head
  }

  #leave(bytes: Buffer): void {
    const socket = this.#socket
    socket.off('data', this.#onData).off('end', this.#onEnd).off('timeout', this.#onTimeout)
    socket.off('error', this.#onError).off('close', this.#onClose)
    socket.setTimeout(0)
    this.#deps.left(this)
    this.#deps.handOver(socket, bytes)
  }
}
