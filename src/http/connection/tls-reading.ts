import type { Server } from 'node:http'
import type { TLSSocket } from 'node:tls'

/**
 * Has Node's parser fed by the socket's stream where HTTP/1.1 comes over TLS. Left to itself it reads from the handle below,
 * which goes on to hand over what it has decrypted while the parser is paused, as it is for a client that pipelines: the
 * parser takes that for a malformed request. A stream keeps what it has until it is resumed. Node changes over as soon as
 * data is listened for; to be called after the server was made, so that its own listener for connections comes first.
 */
export function readByStream(server: Server): void {
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol !== 'h2') socket.on('data', nothing)
  })
}

function nothing(): void {}
