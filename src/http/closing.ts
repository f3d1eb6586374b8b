import type { FastifyInstance } from 'fastify'
import type { Cancel, Runtime } from '../runtime.ts'

const SWEEP_EVERY_MS = 20
/** A client that never finishes its request must not keep the server from stopping. */
const PATIENCE_MS = 10_000

/**
 * Makes `close` quick: a connection that was answering when the server began to close would otherwise stay open for
 * as long as its client likes to keep it, and the server with it.
 */
export function closeIdleConnections(app: FastifyInstance, runtime: Runtime): void {
  app.addHook('preClose', (done) => {
    const { server } = app
    const giveUpAt = runtime.now() + PATIENCE_MS
    let cancel: Cancel = () => undefined
    const sweep = () => {
      if (runtime.now() < giveUpAt) server.closeIdleConnections()
      else server.closeAllConnections()
      cancel = runtime.after(SWEEP_EVERY_MS, sweep)
    }
    server.once('close', () => cancel())
    // Injected requests need no server that listens, and such a server never says that it has closed.
    if (server.listening) sweep()
    done()
  })
}
