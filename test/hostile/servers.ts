import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { makeCertificate } from '../support/server/certificate.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

/** A real server for all tests of a file, with where its ports are. */
export interface HostileServer extends ServerProcess {
  port: number
  metricsPort: number
  /** Its certificate where it speaks TLS. */
  ca: string | undefined
}

export interface HostileServerOptions {
  tls?: boolean
  env?: Record<string, string>
}

const certificate = makeCertificate()
/** Whether there is no TLS to test. */
export const withoutTls = certificate === null

/** Starts a server that is ended after the tests of the file. */
export async function startHostileServer({ tls = false, env = {} }: HostileServerOptions = {}): Promise<HostileServer> {
  const folder = makeFolder()
  after(() => folder[Symbol.dispose]())
  const server = await startServerProcess({
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    DISCUE_METRICS_PORT: '0',
    // Where the metrics are is told at this level.
    DISCUE_LOG_LEVEL: 'info',
    ...(tls && tlsFiles(folder.path)),
    ...env,
  })
  after(() => server.end('SIGKILL'))
  const [, metricsPort] = /"url":"http:\/\/127\.0\.0\.1:(\d+)\/metrics"/.exec(server.output().stderr) ?? []
  const ports = { port: Number(new URL(server.url).port), metricsPort: Number(metricsPort) }
  return { ...server, ...ports, ca: tls ? certificate!.cert : undefined }
}

function tlsFiles(folder: string): Record<string, string> {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(cert, certificate!.cert)
  writeFileSync(key, certificate!.key)
  return { DISCUE_TLS_CERT: cert, DISCUE_TLS_KEY: key }
}
