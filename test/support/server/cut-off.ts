import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'

/** A way to a server on this machine that can be cut, in the manner of a network: without a word. */
export interface Wire {
  port: number
  /** From now on nothing passes, in either direction, and new connections get no answer. */
  cut(): void
  /** New connections pass again; those that were cut end. */
  mend(): void
  close(): Promise<void>
}

export async function startWire(port: () => number): Promise<Wire> {
  const pairs = new Set<[Socket, Socket]>()
  const held = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    near.on('error', () => near.destroy())
    if (isCut) {
      held.add(near)
      near.pause()
      return
    }
    const far = dial(port(), '127.0.0.1')
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    far.on('error', () => near.destroy())
    for (const socket of pair) {
      socket.on('close', () => {
        pairs.delete(pair)
        if (isCut) return
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const destroyAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    for (const socket of held) socket.destroy()
    pairs.clear()
    held.clear()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        near.pause()
        far.pause()
      }
    },
    mend() {
      isCut = false
      destroyAll()
    },
    async close() {
      destroyAll()
      server.close()
      await once(server, 'close')
    },
  }
}
