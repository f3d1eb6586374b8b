import { pino } from 'pino'
import { ConfigError, readConfig } from './config.ts'
import { createRuntime } from './runtime.ts'
import type { Server } from './server.ts'
import { explainStartError } from './start-error.ts'
import { VERSION } from './version.ts'

/** The first start shows the root key, once, with what to type next. */
function welcome({ url, newRootKey }: Server): string {
  if (newRootKey === null) return `discue ${VERSION} is ready at ${url}`
  return `discue ${VERSION} is ready at ${url}

Your root API key, shown only this once:

  ${newRootKey}

What to type next:

  export KEY=${newRootKey}
  curl -s -X POST ${url}/v1/queues -H "X-API-KEY: $KEY" -H 'Content-Type: application/json' -d '{"name":"hello"}'
  curl -s "${url}/v1/queues?_embed&pretty" -H "X-API-KEY: $KEY"
`
}

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2))
  // Standard output is for people, standard error for logs: the key that is shown there once never reaches a log.
  const log = pino({ level: config.logLevel, base: null }, pino.destination(2))
  // Loaded only now: a mistake on the command line is answered at once.
  const { startServer } = await import('./server.ts')
  const server = await startServer(config, createRuntime(log))
  process.stdout.write(`${welcome(server)}\n`)
  if (server.newRootKey !== null) await server.rootKeyShown()
  log.info({ url: server.url }, 'ready')
  onStopSignal((signal) => {
    log.info({ signal }, 'stopping')
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the stop failed')
        process.exit(1)
      },
    )
  })
}

/** The first signal stops in order; a second one does not wait. */
function onStopSignal(stop: (signal: string) => void): void {
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      stop(signal)
    })
  }
}

main().catch((error: unknown) => {
  const line = error instanceof ConfigError ? error.message : explainStartError(error)
  process.stderr.write(`discue: ${line}\n`)
  process.exit(1)
})
