import { Socket } from 'node:net'

/** As much as Node reads at once. */
const READ_BYTES = 64 * 1024

/** Takes bytes that a client has sent; they are overwritten once it returns. False where it wants no more for now. */
type TakeBytes = (bytes: Buffer) => boolean

/** What a socket keeps to itself: its handle, and the server that counts it. */
interface Parts {
  _handle: object | null
  _server: object | null
  server: object | null
}

/**
 * Sockets of clients that read into one buffer for all of them. A socket that a server accepts makes a buffer for each
 * read, a stream's entry for it, and a turn to ask for more, which together is as much as reading the post itself.
 * Node has what is wanted, `onread`, but only for sockets that one makes: so the connection is moved into such a one.
 */
export class ClientReading {
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES)

  /** The socket to go on with, in place of one that has just been accepted and that nobody listens to. */
  adopt(accepted: Socket, take: TakeBytes): Socket {
    const from = accepted as unknown as Parts
    const { _handle: handle, _server: server } = from
    const buffer = this.#buffer
    const callback = (count: number) => take(buffer.subarray(0, count))
    const { allowHalfOpen } = accepted
    // As a server makes its sockets: the option is Node's own, and its type does not know it.
    const socket = new Socket({ handle, allowHalfOpen, onread: { buffer: () => buffer, callback } } as object)
    Object.assign(socket as unknown as Parts, { server, _server: server })
    // The one that was accepted has nothing left to end or to be counted for, but whoever knows it learns that it is over.
    Object.assign(from, { _handle: null, server: null, _server: null })
    accepted.destroy()
    return socket
  }
}
