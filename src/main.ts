import { pino } from 'pino'
import { ConfigError, readConfig } from './config.ts'
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
  // Asked for from here on, so that a signal that comes while the server starts stops it as well, once it can.
  const stopAsked = stopSignal()
  // Loaded only now: a mistake on the command line is answered at once.
  const { startServer } = await import('./server.ts')
  const server = await startServer(config, log)
  process.stdout.write(`${welcome(server)}\n`)
  if (server.newRootKey !== null) await server.rootKeyShown()
  log.info({ url: server.url }, 'ready')
  const signal = await stopAsked
  log.info({ signal }, 'stopping')
  await server.stop()
  process.exit(0)
}

/** Resolves at the first signal to stop. A second one does not wait for what that started. */
function stopSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let asked = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(1)
      asked = true
      resolve(signal)
    })
  }
  return promise
}

main().catch((error: unknown) => {
  const line = error instanceof ConfigError ? error.message : explainStartError(error)
  process.stderr.write(`discue: ${line}\n`)
  process.exit(1)
})
