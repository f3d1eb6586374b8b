import { basename } from 'node:path'
import { isSea } from 'node:sea'
import { readConfig } from './config/config.ts'
import { ConfigError, settingsOf, VERSION_OPTIONS } from './config/sources.ts'
import { StopRequests } from './core/stop-requests.ts'
import type { Log } from './runtime.ts'
import type { Server } from './server.ts'
import { explainStartError } from './start-error.ts'
import { VERSION } from './version.ts'

/** How people call the command line: a single executable is there already. */
const COMMAND = isSea() ? basename(process.execPath) : 'npx discue'

/** The first start shows the root key, once, with what to type next. */
function welcome({ url, newRootKey }: Server): string {
  if (newRootKey === null) return `discue ${VERSION} is ready at ${url}`
  return `discue ${VERSION} is ready at ${url}

Your root API key, shown only this once:

  ${newRootKey}

What to type next:

  export DISCUE_URL=${url} DISCUE_API_KEY=${newRootKey}
  ${COMMAND} queues create hello
  ${COMMAND} send hello '{"first":1}'
  ${COMMAND} messages list hello

or open ${url} and sign in with the key. The API itself is at ${url}/reference.
`
}

/** `discue`, `discue --port 8080` and `discue serve --port 8080` start the server; everything else is a command. */
async function main(): Promise<void> {
  const args = process.argv.slice(2)
  // Scripts ask for it in passing: it is not worth loading the command line for.
  if (args.length === 1 && VERSION_OPTIONS.includes(args[0]!)) return void process.stdout.write(`${VERSION}\n`)
  const settings = settingsOf(args)
  if (settings !== null && !settings.some((word) => word === '--help' || word === '-h')) return serve(settings)
  // Loaded only here: the server starts no slower for the commands beside it.
  const { runCommandLine } = await import('./cli/program.ts')
  process.exitCode = await runCommandLine(settings === null ? args : ['serve', '--help'])
}

async function serve(settings: readonly string[]): Promise<void> {
  const config = readConfig(settings)
  // Not at the top: the commands beside the server do without it, and without the time that it takes.
  const { openLog } = await import('./log.ts')
  const { log } = openLog(config)
  // Asked for from here on, so that a signal that comes while the server starts stops it as well, once it can.
  const { asked, signal } = stopSignal()
  // Loaded only now: a mistake on the command line is answered at once.
  const { startServer } = await import('./server.ts')
  const { createRuntime, sleep } = await import('./runtime.ts')
  const { createUnheardErrorHandler } = await import('./unheard-errors.ts')
  const started = startServer(config, log, signal)
  const stop = async () => (await started).stop()
  process.on('uncaughtException', createUnheardErrorHandler({ runtime: createRuntime(log), exit: process.exit, stop }))
  const server = await started.catch((error: unknown) => {
    if (error !== signal.reason) throw error
    log.info({ signal: error }, 'stopped before it was ready')
    process.exit(0)
  })
  const shown = await print(`${welcome(server)}\n`)
  if (server.newRootKey !== null) {
    // Only the key's digest is stored: where it went nowhere, the next start makes another.
    if (shown) await server.rootKeyShown()
    else log.error({}, 'the root API key could not be shown on standard output; the next start makes another')
  }
  log.info({ url: server.url }, 'ready')
  const tell = config.notifySocket === null ? async () => undefined : telling(log)
  const told = tell('ready')
  log.info({ signal: await asked }, 'stopping')
  void told.then(() => tell('stopping'))
  // Keeps the process alive: while the store is away nothing else does, and what waits to be written would be left behind.
  const isDone = await Promise.race([server.stop().then(() => true), sleep(STOP_WITHIN_MS).then(() => false)])
  if (!isDone) log.error({ afterMs: STOP_WITHIN_MS }, 'ended before everything was stopped')
  process.exit(0)
}

/** A unit of `Type=notify` that is never told would wait for ever: the log says why. */
function telling(log: Log): (state: 'ready' | 'stopping') => Promise<void> {
  return async (state) => {
    const { tellServiceManager } = await import('./service-manager.ts')
    const fault = await tellServiceManager(state)
    if (fault !== null) log.error({ state, fault }, 'systemd could not be told; Type=notify needs systemd-notify')
  }
}

/**
 * Answers whether it was written: the reader may have gone, or the disk be full, which is no reason to stop serving.
 */
function print(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.on('error', () => resolve(false))
    process.stdout.write(text, (error) => resolve(!error))
  })
}

/**
 * `asked` resolves at the first signal to stop, which is the reason of `signal` then. A second request does not wait for
 * what that started. A terminal that is closed asks as well (SIGHUP).
 */
function stopSignal(): { asked: Promise<NodeJS.Signals>; signal: AbortSignal } {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  const stop = new AbortController()
  const requests = new StopRequests()
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!requests.heard(process.uptime() * 1_000)) return
      if (requests.count > 1) process.exit(1)
      stop.abort(name)
      resolve(name)
    })
  }
  return { asked: promise, signal: stop.signal }
}

/** The exit code of a wrong command line, as of the other commands; starting again does not help. */
const WRONG_SETTINGS = 2
/** More than all that a stop waits for takes. */
const STOP_WITHIN_MS = 60_000

main().catch((error: unknown) => {
  const line = error instanceof ConfigError ? error.message : explainStartError(error)
  process.stderr.write(`discue: ${line}\n`)
  process.exit(error instanceof ConfigError ? WRONG_SETTINGS : 1)
})
