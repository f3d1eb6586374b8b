import { readConfig, type SettingName } from './config/config.ts'
import { openLog } from './log.ts'
import { IN_MEMORY, startServer as startConfigured } from './server.ts'

/**
 * The settings of `discue serve` by the names of their flags, `DISCUE_DATABASE_URL` as `databaseUrl`, with the values that
 * they have there. The environment is not read.
 */
export type Settings = {
  [Name in SettingName as Name extends `DISCUE_${infer Rest}` ? CamelCase<Rest> : never]?: string | number
}

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
  : Lowercase<Name>

/** A server in this process. `await using` stops it at the end of its block. */
export interface EmbeddedServer extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:41234`. */
  url: string
  /** Its root API key. */
  rootKey: string
  /** Moves its time by so many milliseconds, and answers with the new time; null unless `clock` is `manual`. */
  clock: { advance(ms: number): Promise<number> } | null
  /** Takes nothing more, finishes what is in flight, hands back the rest. */
  stop(): Promise<void>
}

const DEFAULTS: Settings = { port: 0, logLevel: 'warn' }

/**
 * Starts a server in this process, on a free port unless `port` says which, with its database in memory unless
 * `databaseUrl` says where. A database that stays needs `rootApiKey`, because of a key only its digest is stored.
 * Signals and uncaught errors are left to the caller.
 *
 * Throws an error of one line for a setting that is unknown or wrong, or where the server cannot start.
 */
export async function startServer(settings: Settings = {}): Promise<EmbeddedServer> {
  const { databaseUrl, rootApiKey, ...others } = settings
  const stays = databaseUrl !== undefined
  if (stays && rootApiKey === undefined) {
    throw new TypeError(
      'rootApiKey must be given with databaseUrl: of a key that the server makes only a digest is stored',
    )
  }
  const read = readConfig(flagsOf({ ...DEFAULTS, ...others, databaseUrl, rootApiKey }), {})
  const config = stays ? read : { ...read, database: { kind: 'sqlite' as const, path: IN_MEMORY } }
  const { log, close } = openLog(config)
  const server = await startConfigured(config, log).catch((error: unknown) => {
    close()
    throw error
  })
  const { url, clock } = server
  const stop = () => server.stop().finally(close)
  const rootKey = server.newRootKey ?? config.rootApiKey!
  if (server.newRootKey !== null) await server.rootKeyShown()
  return { url, rootKey, clock, stop, [Symbol.asyncDispose]: stop }
}

function flagsOf(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`],
  )
}
