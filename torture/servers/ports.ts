import { once } from 'node:events'
import { createServer } from 'node:net'

const LEAST = 10_000
const COUNT = 20_000

/**
 * A port of loopback for a server that comes back at the same address. It is below those that systems give to outgoing
 * connections (32768 on, on Linux), one of which could take it while the server is down.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LEAST + Math.floor(Math.random() * COUNT)
    const server = createServer().listen(port, '127.0.0.1')
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!free) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
