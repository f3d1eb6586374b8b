import {
  fieldsIn,
  HeadTooLarge,
  InvalidResponse,
  MAX_HEAD_BYTES,
  parseResponseHead,
  type ResponseHead,
} from './response-head.ts'

/** Is told of a response as it comes. */
export interface ResponseSink {
  onHead(head: ResponseHead): void
  onBody(bytes: Buffer): void
}

type State = 'head' | 'counted' | 'until close' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers' | 'ended'

/** The size of a chunk; what may follow it says nothing to us. Eight digits are 4 GiB. */
const CHUNK_SIZE = /^([0-9a-fA-F]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/
/** What every response begins with. */
const BEGINNING = 'HTTP/1.'
const [CR, LF] = [0x0d, 0x0a]

/**
 * Heads that were read last, by their text. A listener answers thousands of requests in the same words, so that most
 * heads need no more than a comparison.
 */
export class HeadMemo {
  #text = ''
  #head: ResponseHead | null = null

  /** Throws `InvalidResponse`. */
  parse(text: string): ResponseHead {
    if (this.#head === null || text !== this.#text) {
      this.#head = parseResponseHead(text)
      this.#text = text
    }
    return this.#head
  }
}

/** Reads responses of HTTP/1.x (RFC 9112), in whatever pieces they come, one after the other. */
export class ResponseParser {
  readonly #memo: HeadMemo
  #sink!: ResponseSink
  #state: State = 'ended'
  #head: ResponseHead | null = null
  /** What has come of a head or of a line, one character for a byte. */
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
    const before = this.#text.length
    this.#text += bytes.toString('latin1', at, Math.min(bytes.length, at + MAX_HEAD_BYTES + 4))
    // The empty line may have begun in the piece before.
    const end = this.#text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    // What speaks another protocol may never send an empty line.
    if (!BEGINNING.startsWith(this.#text.slice(0, BEGINNING.length))) throw new InvalidResponse('it is not HTTP/1.x')
    if (end > MAX_HEAD_BYTES || (end === -1 && this.#text.length > MAX_HEAD_BYTES)) throw new HeadTooLarge()
    if (end === -1) return bytes.length
    const head = this.#memo.parse(this.#text.slice(0, end))
    this.#text = ''
    this.#headRead(head)
    return at + end + 4 - before
  }

  #headRead(head: ResponseHead): void {
    // 1xx: the response itself is yet to come.
    if (head.status < 200) return
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
    if (this.#text.length + until - at > MAX_HEAD_BYTES) throw new HeadTooLarge()
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

  /** Trailers are read, to know where they end, and heard by nobody. */
  #trailerRead(line: string): void {
    this.#trailerBytes += line.length + 2
    if (this.#trailerBytes > MAX_HEAD_BYTES) throw new HeadTooLarge()
    if (line === '') this.#state = 'ended'
    else fieldsIn([line])
  }
}
