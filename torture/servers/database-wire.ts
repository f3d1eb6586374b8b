import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'

/** The way of one node to its database, which can fail as networks do. */
export interface DatabaseWire {
  port: number
  /** Nothing passes in either direction, and nothing says so. */
  stall(): void
  /** What the node sends passes, and no answer comes back. */
  halfOpen(): void
  /** Ends every connection by a reset. */
  reset(): void
  /** Everything passes again: what was held back goes on, or (`cut`) the connections that held it are reset. */
  mend(how: { cut: boolean }): void
  close(): Promise<void>
}

interface Pair {
  node: Socket
  database: Socket
}

export async function openWire(databasePort: number): Promise<DatabaseWire> {
  const pairs = new Set<Pair>()
  /** Which directions are held back. */
  const held = { toDatabase: false, toNode: false }
  const server = createServer((node) => {
    const pair = { node, database: dial(databasePort, '127.0.0.1') }
    pairs.add(pair)
    join(pair, () => pairs.delete(pair))
    hold(pair, held)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  function set(toDatabase: boolean, toNode: boolean): void {
    Object.assign(held, { toDatabase, toNode })
    for (const pair of pairs) hold(pair, held)
  }
  function reset(): void {
    for (const { node, database } of pairs) for (const socket of [node, database]) cut(socket)
    pairs.clear()
  }
  return {
    port: (server.address() as AddressInfo).port,
    stall: () => set(true, true),
    halfOpen: () => set(false, true),
    reset,
    mend({ cut }) {
      if (cut) reset()
      set(false, false)
    },
    async close() {
      reset()
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * Ends a connection by a reset. One that is being made or shut down cannot be reset: Node.js would wait for its end for ever
 * as the process exits.
 */
function cut(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

/** What one says is written to the other, and the end of one is the end of both. */
function join({ node, database }: Pair, ended: () => void): void {
  for (const [from, to] of [
    [node, database],
    [database, node],
  ] as const) {
    from.on('data', (bytes) => {
      if (!to.write(bytes)) from.pause()
    })
    to.on('drain', () => from.resume())
    from.on('end', () => to.end())
    // What broke one of them is told to the other by its end.
    from.on('error', () => to.destroy())
    from.on('close', () => {
      ended()
      to.destroy()
    })
  }
}

/** A socket that is not read holds back what comes, as a network does that lost it, for as long as buffers last. */
function hold({ node, database }: Pair, held: { toDatabase: boolean; toNode: boolean }): void {
  if (held.toDatabase) node.pause()
  else node.resume()
  if (held.toNode) database.pause()
  else database.resume()
}
