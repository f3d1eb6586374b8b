import type { Socket } from 'node:net'

/**
 * Reads the first bytes of a socket in the sizes that are asked for, and leaves it as if they had never been there: what comes
 * next is for another reader. A socket that ends or fails before rejects.
 */
export class ByteReader {
  readonly #socket: Socket
  readonly #most: number
  #bytes = Buffer.alloc(0)
  #waiting: {
    enough: (bytes: Buffer) => number
    done: (bytes: Buffer) => void
    failed: (error: Error) => void
  } | null = null
  #error: Error | null = null
  readonly #onData = (bytes: Buffer) => {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    this.#look()
  }
  readonly #onEnd = () => this.#fail(new Error('the connection was closed'))
  readonly #onError = (error: Error) => this.#fail(error)

  /** `most`: how many bytes it reads in all. */
  constructor(socket: Socket, most: number) {
    this.#socket = socket
    this.#most = most
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd).on('error', this.#onError)
  }

  /** The first bytes that are `enough`, which answers with how many they are, or with 0 while more are needed. */
  read(enough: (bytes: Buffer) => number): Promise<Buffer> {
    return new Promise((done, failed) => {
      this.#waiting = { enough, done, failed }
      if (this.#error !== null) this.#fail(this.#error)
      else this.#look()
    })
  }

  /** Stops reading. True where nothing came behind what was read. */
  release(): boolean {
    this.#socket.pause()
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd).off('error', this.#onError)
    return this.#bytes.length === 0
  }

  #look(): void {
    if (this.#waiting === null) return
    const count = this.#waiting.enough(this.#bytes)
    if (count === 0 && this.#bytes.length < this.#most) return
    const { done, failed } = this.#waiting
    this.#waiting = null
    if (count === 0) {
      failed(new Error('the answer is too long'))
      return
    }
    const read = this.#bytes.subarray(0, count)
    this.#bytes = this.#bytes.subarray(count)
    done(read)
  }

  #fail(error: Error): void {
    this.#error ??= error
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.failed(this.#error)
  }
}
