import assert from 'node:assert/strict'
import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { createRuntime } from '../../../src/runtime.ts'
import { openPostgresStore } from '../../../src/store-postgres/database.ts'
import { DatabaseRefused } from '../../../src/store-postgres/errors.ts'
import { placeOf } from '../../support/postgres/postgres.ts'
import { unprivileged } from '../../support/postgres/postgres-binaries.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres/postgres-server.ts'
import { makeCertificate, makeSignedCertificate, NO_OPENSSL } from '../../support/server/certificate.ts'
import { createClient } from '../../support/server/client.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../../support/server/server-process.ts'
import { silentLog } from '../../support/silent-log.ts'

const PASSWORD = 'pass:word\\with "everything"'
const certificates = makeSignedCertificate()

/** The role `discue` gets in by TLS and with its password only; the role that sets things up gets in anyhow. */
const WHO_GETS_IN = `
host      all postgres 127.0.0.1/32 trust
hostssl   all discue   127.0.0.1/32 scram-sha-256
hostnossl all discue   127.0.0.1/32 reject
`

suite('a PostgreSQL that wants TLS and a password', { skip: certificates === null && NO_OPENSSL }, () => {
  const folder = makeFolder()
  const file = (name: string, text: string) => {
    const path = join(folder.path, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  let server: PostgresServer
  let authority: string
  let passfile: string

  before(async () => {
    server = await startWithTls(certificates!.signed)
    authority = file('authority.pem', certificates!.authority.cert)
    passfile = file('pgpass', `127.0.0.1:*:jobs:discue:${PASSWORD.replace(/[\\:]/g, '\\$&')}\n`)
    await administer(server, `create role discue login password '${PASSWORD}'`, 'create database jobs owner discue')
  })
  after(async () => {
    await server.remove()
    folder[Symbol.dispose]()
  })

  const urlOf = (rest: string, host = '127.0.0.1') => `postgres://discue@${host}:${server.port}/jobs?${rest}`
  const open = (url: string) => openPostgresStore(placeOf(url), createRuntime(silentLog))
  const refusal = async (url: string): Promise<string> => {
    const error = await open(url).then(
      async (store) => {
        await store.close()
        return assert.fail('it was let in')
      },
      (it: unknown) => it,
    )
    assert.ok(error instanceof DatabaseRefused, String(error))
    assert.doesNotMatch(error.message, /everything/, 'the password is shown')
    return error.message
  }

  test('lets in whoever knows its authority, with the password of the file, and is talked to in secret', async () => {
    const store = await open(urlOf(`sslmode=verify-full&sslrootcert=${authority}&passfile=${passfile}`))
    const sessions = await administer(
      server,
      `select s.ssl, s.version from pg_stat_ssl s join pg_stat_activity a using (pid) where a.usename = 'discue'`,
    )
    await store.ping()
    await store.close()
    assert.ok(sessions.length > 0)
    for (const { ssl, version } of sessions) assert.deepEqual([ssl, version], [true, 'TLSv1.3'])
  })

  test('is logged in to by a proof that holds for that connection alone, where the URL asks for it', async () => {
    const store = await open(urlOf(`sslmode=require&channel_binding=require&passfile=${passfile}`))
    await store.ping()
    await store.close()
    const plain = urlOf(`sslmode=disable&channel_binding=require`).replace('discue@', 'postgres@')
    assert.match(await refusal(plain), /offers no channel binding/)
  })

  test('is talked to with TLS where sslmode is allow, since it refuses to be talked to without', async () => {
    const store = await open(urlOf(`sslmode=allow&passfile=${passfile}`))
    await store.ping()
    await store.close()
  })

  test('is refused where another authority is named', async () => {
    const other = file('other.pem', makeCertificate()!.cert)
    for (const sslmode of ['verify-full', 'verify-ca', 'require']) {
      const message = await refusal(urlOf(`sslmode=${sslmode}&sslrootcert=${other}&passfile=${passfile}`))
      assert.match(message, /certificate/)
    }
  })

  test('is refused where no authority is named that could have signed', async () => {
    assert.match(await refusal(urlOf(`sslmode=verify-full&passfile=${passfile}`)), /certificate/)
  })

  test('is refused under another name than that of its certificate, unless only the authority counts', async () => {
    const rest = `sslrootcert=${authority}&passfile=${file('any', `*:*:*:*:${PASSWORD.replace(/[\\:]/g, '\\$&')}`)}`
    assert.match(await refusal(urlOf(`sslmode=verify-full&${rest}`, 'localhost')), /altnames|does not match/i)
    const store = await open(urlOf(`sslmode=verify-ca&${rest}`, 'localhost'))
    await store.close()
  })

  test('refuses a wrong password, and one who does not encrypt', async () => {
    const wrong = file('wrong', '*:*:*:discue:everything but that\n')
    assert.match(await refusal(urlOf(`sslrootcert=${authority}&passfile=${wrong}`)), /password authentication failed/)
    assert.match(await refusal(urlOf(`sslmode=disable&passfile=${passfile}`)), /pg_hba.conf rejects/)
  })

  test('serves a whole server, which finds the file by PGPASSFILE', async () => {
    const node = await startServerProcess({
      DISCUE_PORT: '0',
      DISCUE_DATABASE_URL: urlOf(`sslmode=verify-full&sslrootcert=${authority}`),
      DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
      PGPASSFILE: passfile,
    })
    const { status } = await createClient(() => node.url).call('POST', '/queues', { name: 'orders' })
    assert.equal(await node.end('SIGTERM'), 0)
    assert.equal(status, 200)
    const { stdout, stderr } = node.output()
    assert.doesNotMatch(stdout + stderr, /everything|warning/i)
  })
})

async function startWithTls({ cert, key }: { cert: string; key: string }): Promise<PostgresServer> {
  return startPostgres({
    settings: { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' },
    async prepare(folder, run) {
      await run('initdb', '-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync')
      writeFileSync(join(folder, 'pg_hba.conf'), WHO_GETS_IN)
      for (const [name, text] of [['server.crt', cert] as const, ['server.key', key] as const]) {
        writeFileSync(join(folder, name), text, { mode: 0o600 })
        const { uid, gid } = unprivileged()
        if (uid !== undefined) chownSync(join(folder, name), uid, gid!)
      }
    },
  })
}

async function administer(server: PostgresServer, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.urlOf('postgres') })
  await client.connect()
  let rows: Record<string, unknown>[] = []
  for (const statement of statements) rows = (await client.query(statement)).rows
  await client.end()
  return rows
}
