import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { closeOf } from '../support/closing.ts'

/** Where a client connects, and how: `ca` makes it TLS, `protocol` is what it asks for by ALPN. */
export interface RawTarget {
  port: number
  ca?: string
  protocol?: 'http/1.1' | 'h2'
}

/** A connection that is open, with its handshake done where it is TLS. Its errors are heard, and passed over. */
export async function connectRaw({ port, ca, protocol }: RawTarget): Promise<{ wire: Socket; socket: Socket }> {
  const wire = connectTcp(port, '127.0.0.1')
  wire.on('error', () => undefined)
  await once(wire, 'connect')
  wire.setNoDelay(true)
  if (ca === undefined) return { wire, socket: wire }
  const socket = connectTls({
    socket: wire,
    host: '127.0.0.1',
    ca,
    ALPNProtocols: protocol === undefined ? undefined : [protocol],
  })
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return { wire, socket }
}

/** When a client resets its connection: right behind its bytes, or once an answer to them begins. */
export const RESETS = ['at once', 'at the first byte of the answer'] as const

/** Sends bytes and resets the connection without reading what is answered. Resolves when the client's side is gone. */
export async function sendAndReset(target: RawTarget, bytes: string, reset: (typeof RESETS)[number]): Promise<void> {
  const { wire, socket } = await connectRaw(target)
  const gone = closeOf(wire)
  if (reset === 'at once') socket.write(bytes, () => wire.resetAndDestroy())
  else {
    wire.once('data', () => wire.resetAndDestroy())
    socket.write(bytes)
    // A server that says nothing to this has been reset all the same.
    setTimeout(() => wire.resetAndDestroy(), 200).unref()
  }
  await gone
}
