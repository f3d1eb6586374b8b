import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after } from 'node:test'

/** A way to a server that can be cut, as when a laptop loses its network. */
export interface BreakableNetwork {
  /** The server's address, by this way. */
  url: string
  /** Drops everything on the way and refuses what is new. */
  cut(): void
  mend(): void
  /** Resolves at the next bytes that come from the client. */
  nextRequest(): Promise<void>
  close(): Promise<void>
}

const open = new Set<BreakableNetwork>()
after(() => Promise.all([...open].map((network) => network.close())))

export async function breakableNetwork(serverUrl: string): Promise<BreakableNetwork> {
  const { hostname, port, protocol } = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let isCut = false
  let asked = Promise.withResolvers<void>()

  const server = createServer((client) => {
    if (isCut) return client.destroy()
    const upstream = connect(Number(port), hostname)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
    client.on('data', () => {
      asked.resolve()
      asked = Promise.withResolvers()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const network: BreakableNetwork = {
    url: `${protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    mend() {
      isCut = false
    },
    nextRequest: () => asked.promise,
    async close() {
      open.delete(network)
      network.cut()
      server.close()
      await once(server, 'close')
    },
  }
  open.add(network)
  return network
}
