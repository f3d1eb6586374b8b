import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import { DatabaseRefused, reasonOf } from '../errors.ts'
import { passwordIn } from './password-file.ts'
import { DEFAULT_SCHEMA } from './schema.ts'

const CONNECT_MS = 5_000

/** Where the database is, as the configuration says it. */
export interface PostgresAddress {
  hosts: readonly { host: string; port: number }[]
  user: string
  password: string | null
  passfile: string | null
  database: string
  sslmode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'
  sslrootcert: string | null
  sslcert: string | null
  sslkey: string | null
  channelBinding?: 'disable' | 'prefer' | 'require'
  /** How long one host has to take a connection; null, or not said: `CONNECT_MS`. */
  connectTimeoutMs?: number | null
  applicationName: string
  /** The schema that holds the tables; `discue` where it is not said. */
  schema?: string
  /** Where notifications come, past a pooler; null, or not said: where the statements go. */
  listen?: PostgresAddress | null
  /** How many connections a node has, beside the one for notifications; 8 where it is not said. */
  connections?: number
}

/** What a connection needs. */
export interface PostgresTarget {
  hosts: PostgresAddress['hosts']
  user: string
  database: string
  applicationName: string
  schema: string
  /** Of `hosts` those at which a pooler was found. */
  poolers: Set<PostgresAddress['hosts'][number]>
  connectTimeoutMs: number
  channelBinding: 'disable' | 'prefer' | 'require'
  /** Empty where there is none: the server may not ask for it. */
  passwordFor(host: string, port: number): string
  tls: { mode: PostgresAddress['sslmode']; optionsFor(host: string): ConnectionOptions }
}

/** Reads the files that the place names. Throws `DatabaseRefused` where one cannot be read. */
export function targetOf(place: PostgresAddress): PostgresTarget {
  const { hosts, user, database, applicationName, password, passfile, sslmode, schema = DEFAULT_SCHEMA } = place
  const files = { ca: read(place.sslrootcert), cert: read(place.sslcert), key: read(place.sslkey) }
  // As libpq does: an operator who names an authority wants it to be asked.
  const verify = sslmode.startsWith('verify') || (sslmode === 'require' && files.ca !== undefined)
  return {
    ...{ hosts, user, database, applicationName, schema, channelBinding: place.channelBinding ?? 'disable' },
    poolers: new Set(),
    connectTimeoutMs: place.connectTimeoutMs ?? CONNECT_MS,
    passwordFor(host, port) {
      if (password !== null) return password
      return passfile === null ? '' : passwordIn(read(passfile)!, { host, port, database, user })
    },
    tls: {
      mode: sslmode,
      optionsFor: (host) => ({
        ...files,
        // An address is no name that a server could be asked for by (RFC 6066), and Node.js refuses to.
        ...(isIP(host) === 0 && { servername: host }),
        rejectUnauthorized: verify,
        checkServerIdentity: (_, peer) => (sslmode === 'verify-full' ? checkServerIdentity(host, peer) : undefined),
      }),
    },
  }
}

/** Whether it names the folder of a Unix socket, on which there is no TLS. */
export function isSocketFolder(host: string): boolean {
  return host.startsWith('/')
}

/** A host for a log, as the operator wrote it. */
export function placeOf({ host, port }: PostgresAddress['hosts'][number]): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Where it is, for a log: without user and password. */
export function nameOf({ hosts, database }: Pick<PostgresTarget, 'hosts' | 'database'>): string {
  return `${hosts.map(placeOf).join(',')}/${database}`
}

function read(path: string | null): string | undefined {
  if (path === null) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new DatabaseRefused(`the file ${path} cannot be read: ${reasonOf(cause)}`)
  }
}
