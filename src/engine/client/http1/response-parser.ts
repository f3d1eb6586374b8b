import type { HeadMemo } from './head-memo.ts'
import { HeadScanner, MAX_HEAD_BYTES, tooLarge } from './head-scanner.ts'
import { InvalidResponse, isInterim, type ResponseHead } from './response-head.ts'

/** Is told of a response as it comes. */
export interface ResponseSink {
  onHead(head: ResponseHead): void
  onBody(bytes: Buffer): void
}

type State = 'head' | 'counted' | 'until close' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers' | 'ended'

/** Interim responses (1xx) before the response itself. */
const MAX_INTERIM = 10
/** A line between two chunks; and all trailers together. */
const MAX_LINE_BYTES = 16 * 1024
/** The size of a chunk; what may follow it says nothing to us. Eight digits are 4 GiB. */
const CHUNK_SIZE = /^([0-9a-fA-F]{1,8})[ \t]*(?:;|$)/
const [CR, LF] = [0x0d, 0x0a]

/**
 * Reads responses of HTTP/1.x (RFC 9112), in whatever pieces they come, one after the other. It is lenient with heads,
 * and strict with what frames a body, for a fault there costs no more than the connection.
 */
export class ResponseParser {
  readonly #memo: HeadMemo
  readonly #scanner = new HeadScanner()
  #sink!: ResponseSink
  #state: State = 'ended'
  #head: ResponseHead | null = null
  /** The head that is being read began in a piece before. */
  #isInHead = false
  #interimCount = 0
  /** Bytes that the heads of this response may still have, interim ones and all. */
  #headRoom = 0
  /** What has come of a line between chunks, one character for a byte. */
  #text = ''
  /** Bytes that are left of the body, or of its chunk. */
  #left = 0
  /** Bytes of trailers so far. */
  #trailerBytes = 0

  constructor(memo: HeadMemo) {
    this.#memo = memo
  }

  /** The next bytes begin a response. */
  begin(sink: ResponseSink): void {
    this.#sink = sink
    this.#state = 'head'
    this.#head = null
    this.#isInHead = false
    this.#interimCount = 0
    this.#headRoom = MAX_HEAD_BYTES
    this.#text = ''
  }

  /** Of the response that was begun last, once it has come. */
  get head(): ResponseHead | null {
    return this.#head
  }

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /** Takes bytes in; answers how many of them belong to the response. Throws `InvalidResponse` or `HeadTooLarge`. */
  execute(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && this.#state !== 'ended') at = this.#step(bytes, at)
    return at
  }

  /** No more bytes will come; false where some are missing. */
  finish(): boolean {
    if (this.#state === 'until close') this.#state = 'ended'
    return this.#state === 'ended'
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, at)
      case 'counted':
      case 'chunk':
        return this.#readCounted(bytes, at)
      case 'until close':
        this.#sink.onBody(at === 0 ? bytes : bytes.subarray(at))
        return bytes.length
      default:
        return this.#readLine(bytes, at)
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const known = this.#isInHead ? null : this.#memo.find(bytes, at)
    if (known !== null) {
      this.#headRead(known)
      return at + this.#memo.length
    }
    return this.#scanHead(bytes, at)
  }

  #scanHead(bytes: Buffer, at: number): number {
    const isWhole = !this.#isInHead
    if (isWhole) this.#scanner.begin(this.#headRoom)
    const end = this.#scanner.scan(bytes, at)
    this.#headRoom -= end - at
    const { head } = this.#scanner
    this.#isInHead = head === null
    if (head === null) return end
    if (isWhole && !isInterim(head.status)) this.#memo.remember(bytes, at, end, head)
    this.#headRead(head)
    return end
  }

  #headRead(head: ResponseHead): void {
    if (isInterim(head.status)) {
      this.#interimCount += 1
      if (this.#interimCount > MAX_INTERIM)
        throw new InvalidResponse(`more than ${MAX_INTERIM} interim responses (1xx) came before the answer`)
      return
    }
    this.#head = head
    const { body } = head
    if (body === 'chunked') this.#state = 'chunk size'
    else if (body === 'until close') this.#state = 'until close'
    else {
      this.#left = body
      this.#state = body === 0 ? 'ended' : 'counted'
    }
    this.#trailerBytes = 0
    this.#sink.onHead(head)
  }

  #readCounted(bytes: Buffer, at: number): number {
    const until = Math.min(bytes.length, at + this.#left)
    this.#left -= until - at
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk end' : 'ended'
    this.#sink.onBody(bytes.subarray(at, until))
    return until
  }

  /** The lines between chunks, and after them. */
  #readLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at)
    const until = end === -1 ? bytes.length : end
    if (this.#text.length + until - at > MAX_LINE_BYTES) throw tooLarge()
    this.#text += bytes.toString('latin1', at, until)
    if (end === -1) return bytes.length
    if (this.#text.charCodeAt(this.#text.length - 1) !== CR) throw new InvalidResponse('a line ends without CR')
    const line = this.#text.slice(0, -1)
    this.#text = ''
    this.#lineRead(line)
    return end + 1
  }

  #lineRead(line: string): void {
    if (this.#state === 'chunk size') this.#sizeRead(line)
    else if (this.#state === 'trailers') this.#trailerRead(line)
    else if (line !== '') throw new InvalidResponse('a chunk is longer than it says')
    else this.#state = 'chunk size'
  }

  #sizeRead(line: string): void {
    const size = CHUNK_SIZE.exec(line)
    if (size === null) throw new InvalidResponse('the size of a chunk cannot be read')
    this.#left = Number.parseInt(size[1]!, 16)
    this.#state = this.#left === 0 ? 'trailers' : 'chunk'
  }

  /** Trailers are read over, to know where they end. */
  #trailerRead(line: string): void {
    this.#trailerBytes += line.length + 2
    if (this.#trailerBytes > MAX_LINE_BYTES) throw tooLarge()
    if (line === '') this.#state = 'ended'
  }
}
