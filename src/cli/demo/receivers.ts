import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sleep } from '../../runtime.ts'
import { answerOf, MANNERS } from './demo-queues.ts'

/** Receivers of the demo, all on one port of loopback. */
export interface Receivers {
  /** Where the receiver of a manner listens; `away` is an address where nothing does. */
  urlOf(manner: string): string
  /** Requests that came. */
  count(): number
  close(): Promise<void>
}

export async function startReceivers(random: () => number): Promise<Receivers> {
  let count = 0
  const server = createServer(async (request, response) => {
    count += 1
    // The body is read to its end and thrown away; a sender that hangs up is no error of the demo.
    request.on('error', () => undefined).resume()
    response.on('error', () => undefined)
    const manner = MANNERS.find((it) => `/${it}` === request.url) ?? 'failing'
    const { status, delayMs, headers } = answerOf(manner, random)
    await sleep(delayMs)
    response.writeHead(status, headers).end()
  })
  const port = await listen(server)
  const away = await unusedPort()
  return {
    urlOf: (manner) => (manner === 'away' ? `http://127.0.0.1:${away}/` : `http://127.0.0.1:${port}/${manner}`),
    count: () => count,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function unusedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}
