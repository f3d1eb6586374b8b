import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '../../runtime.ts'
import { hearErrors } from '../connection/raw-errors.ts'
import { CONTENT_TYPE } from './exposition.ts'
import type { Metrics } from './metrics.ts'

/** A port on which there is nothing but the metrics, for a network that only the operator's own machines reach. */
export interface MetricsServer {
  /** Where the metrics are, such as http://127.0.0.1:9464/metrics. */
  url: string
  close(): Promise<void>
}

const PATH = '/metrics'

/** Listens, in plain HTTP. Throws what `listen` throws where the port is in use, or not to be had. */
export async function serveMetrics(
  metrics: Pick<Metrics, 'text'>,
  { host, port, log }: { host: string; port: number; log: Log },
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== PATH) answer(response, 404, 'metrics are at /metrics\n')
    else if (request.method !== 'GET' && request.method !== 'HEAD')
      answer(response, 405, 'use GET\n', { allow: 'GET, HEAD' })
    else {
      metrics.text().then(
        (text) => answer(response, 200, text, { 'content-type': CONTENT_TYPE }),
        (error: unknown) => {
          log.error({ err: error }, 'metrics could not be read')
          answer(response, 500, 'metrics could not be read\n')
        },
      )
    }
  })
  hearErrors(server, log)
  server.listen(port, host)
  await once(server, 'listening')
  const { address, family, port: taken } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}${PATH}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function answer(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(text)
}
