import type { Server } from 'node:http'
import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Cancel, Runtime } from '../../runtime.ts'

const SWEEP_EVERY_MS = 20
/** A client that never finishes its request must not keep the server from stopping. */
const PATIENCE_MS = 10_000

/**
 * Makes `close` quick: a connection that was answering when the server began to close would otherwise stay open for
 * as long as its client likes to keep it, and the server with it.
 */
export function closeIdleConnections(app: FastifyInstance, runtime: Runtime): void {
  const connections = followConnections(app.server)
  app.addHook('preClose', (done) => {
    const { server } = app
    const giveUpAt = runtime.elapsedMs() + PATIENCE_MS
    let cancel: Cancel = () => undefined
    const sweep = () => {
      if (runtime.elapsedMs() < giveUpAt) connections.closeIdle()
      else connections.closeAll()
      cancel = runtime.after(SWEEP_EVERY_MS, sweep)
    }
    server.once('close', () => cancel())
    // Injected requests need no server that listens, and such a server never says that it has closed.
    if (server.listening) sweep()
    done()
  })
}

/**
 * Over TLS a connection may be HTTP/1.1, a session of HTTP/2, or not have said yet which; the server itself can end
 * only the idle ones of the first kind.
 */
function followConnections(server: Server): { closeIdle(): void; closeAll(): void } {
  const sockets = follow<Socket>(server, 'connection')
  const sessions = follow<Http2Session>(server, 'session')
  return {
    closeIdle() {
      server.closeIdleConnections()
      // Takes no new streams, and ends with the last one that is open.
      for (const session of sessions) session.close()
    },
    closeAll() {
      for (const session of sessions) session.destroy()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function follow<Connection extends Socket | Http2Session>(server: Server, event: string): ReadonlySet<Connection> {
  const open = new Set<Connection>()
  server.on(event, (connection: Connection) => {
    open.add(connection)
    connection.once('close', () => open.delete(connection))
  })
  return open
}
