import type { Socket } from 'node:net'

/** As much as Node reads at once. */
const READ_BYTES = 64 * 1024

/** Takes bytes that a socket has received; they are overwritten once it returns. */
export type TakeBytes = (bytes: Buffer) => void

/**
 * What sockets receive, read into one buffer for all of them: a buffer for each read would be most of what collecting
 * garbage costs. Only sockets without TLS that were opened for it can do so.
 */
export class SharedReading {
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  /** Sockets that were opened with its option. */
  readonly #opened = new WeakSet<Socket>()
  readonly #takers = new WeakMap<Socket, TakeBytes>()

  /** To be called as soon as the socket is connected. False where it hands out its bytes as `data` events instead. */
  deliver(socket: Socket, take: TakeBytes): boolean {
    if (!this.#opened.has(socket)) return false
    this.#takers.set(socket, take)
    return true
  }

  /** Is told of each socket that was opened with the option. */
  opened(socket: Socket): Socket {
    this.#opened.add(socket)
    return socket
  }

  /** The option of `net.connect`, which calls back as the socket's method. */
  get option(): { buffer: () => Buffer; callback(this: Socket, count: number, buffer: Buffer): boolean } {
    const [takers, buffer] = [this.#takers, this.#buffer]
    return {
      buffer: () => buffer,
      callback(count) {
        takers.get(this)?.(buffer.subarray(0, count))
        return true
      },
    }
  }
}
