import pg from 'pg'
import { DatabaseRefused, isRefusedByAddress, reasonOf, translated } from '../errors.ts'
import { isSocketFolder, type PostgresTarget } from './target.ts'
import { readTypes } from './types.ts'

type Host = PostgresTarget['hosts'][number]

const BOUND_MECHANISM = 'SCRAM-SHA-256-PLUS'

/**
 * A client that is logged in at `host`, encrypted as `sslmode` says; `options` are settings of its session, null for a
 * pooler, which takes none and is sent statements without waiting for the answer to the one before. Throws
 * `StoreUnavailable`, or `DatabaseRefused` for good.
 */
export async function openClient(target: PostgresTarget, host: Host, options: string | null): Promise<pg.Client> {
  try {
    return await tryInTurn(target, host, options)
  } catch (error) {
    throw translated(error)
  }
}

/** As libpq does: `prefer` goes on without TLS where the server has none or wants none, `allow` the other way round. */
async function tryInTurn(target: PostgresTarget, host: Host, options: string | null): Promise<pg.Client> {
  const { mode } = target.tls
  const plainFirst = mode === 'disable' || mode === 'allow' || isSocketFolder(host.host)
  try {
    return await tryClient(target, host, { options, tls: !plainFirst })
  } catch (error) {
    const otherWay = isRefusedByAddress(error) || /does not support SSL/.test(reasonOf(error))
    if (!otherWay || isSocketFolder(host.host) || !['prefer', 'allow'].includes(mode)) throw error
    return tryClient(target, host, { options, tls: plainFirst })
  }
}

async function tryClient(target: PostgresTarget, { host, port }: Host, how: { options: string | null; tls: boolean }) {
  const { user, database, passwordFor, channelBinding } = target
  const tls = how.tls ? target.tls.optionsFor(host) : false
  let bound = false
  const client = new pg.Client({
    ...{ host, port, user, database, application_name: target.applicationName },
    // Asked for only where the server wants one, and never kept where an error could show it.
    password() {
      if (channelBinding === 'require' && !bound) throw unbound()
      return passwordFor(host, port)
    },
    ssl: tls,
    enableChannelBinding: how.tls && channelBinding !== 'disable',
    ...(how.options === null ? { pipeline: true } : { options: how.options }),
    connectionTimeoutMillis: target.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    types: { getTypeParser: readTypes },
  })
  // The caller of a statement is told by its rejection; an error between two statements ends the session.
  client.on('error', () => undefined)
  // Before the client answers with the password, or a proof of it.
  client.connection.on('authenticationSASL', ({ mechanisms }: { mechanisms: readonly string[] }) => {
    bound = how.tls && mechanisms.includes(BOUND_MECHANISM)
  })
  await client.connect()
  if (channelBinding === 'require' && !bound) {
    client.connection.stream.destroy()
    throw unbound()
  }
  return client
}

function unbound(): DatabaseRefused {
  return new DatabaseRefused('the server offers no channel binding, which channel_binding=require asks for')
}
