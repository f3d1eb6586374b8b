import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { readPostgresUrl } from '../../src/config/postgres-url.ts'
import { ConfigError } from '../../src/config/sources.ts'
import { passwordIn } from '../../src/store-postgres/connect/password-file.ts'

const databaseOf = (url: string, env: Record<string, string> = {}) =>
  readConfig([], { DISCUE_DATABASE_URL: url, ...env }).database

test('a URL says hosts in their order, who asks, and for what; the rest has its usual value', () => {
  const files = { sslrootcert: null, sslcert: null, sslkey: null, passfile: null }
  const usual = { sslmode: 'prefer', channelBinding: 'disable', connectTimeoutMs: null, ...files }
  const own = { schema: 'discue', connections: 8, listen: null }
  assert.deepEqual(databaseOf('postgres://discue:p%40ss%3Aw@db1,db2:5433,[::1]:5434/jobs'), {
    kind: 'postgres',
    hosts: [
      { host: 'db1', port: 5432 },
      { host: 'db2', port: 5433 },
      { host: '::1', port: 5434 },
    ],
    ...{ user: 'discue', password: 'p@ss:w', database: 'jobs', applicationName: 'discue', ...usual, ...own },
  })
  assert.deepEqual(databaseOf('postgresql:///?host=/var/run/postgresql'), {
    kind: 'postgres',
    hosts: [{ host: '/var/run/postgresql', port: 5432 }],
    ...{ user: 'postgres', password: null, database: 'postgres', applicationName: 'discue', ...usual, ...own },
  })
})

test('TLS and the password file are told as libpq is told, an authority alone means that it is asked', () => {
  const url = 'postgres://a@b/c?sslrootcert=/ca.pem&target_session_attrs=read-write'
  const place = databaseOf(url, { PGPASSFILE: '/pass' })
  assert.ok(place.kind === 'postgres')
  assert.deepEqual([place.sslmode, place.sslrootcert, place.passfile], ['verify-full', '/ca.pem', '/pass'])
  const own = databaseOf('postgres://a@b/c?passfile=/own&sslmode=require', { PGPASSFILE: '/pass' })
  assert.ok(own.kind === 'postgres')
  assert.deepEqual([own.sslmode, own.passfile], ['require', '/own'])
})

test('the schema has the name that DISCUE_DATABASE_SCHEMA gives, and a file has none', () => {
  const url = 'postgres://a@b/c'
  const place = databaseOf(url, { DISCUE_DATABASE_SCHEMA: 'jobs_2' })
  assert.ok(place.kind === 'postgres')
  assert.equal(place.schema, 'jobs_2')
  for (const DISCUE_DATABASE_SCHEMA of ['Jobs', '2jobs', 'pg_jobs', 'information_schema', 'a"b', 'x'.repeat(64)]) {
    assert.throws(
      () => databaseOf(url, { DISCUE_DATABASE_SCHEMA }),
      /DISCUE_DATABASE_SCHEMA must be up to 63 characters/,
    )
  }
  const file = { DISCUE_DATABASE_SCHEMA: 'jobs' }
  assert.throws(() => databaseOf('sqlite:./x.db', file), /DISCUE_DATABASE_SCHEMA is for PostgreSQL/)
})

test('addresses that providers hand out are taken as they are', () => {
  const of = (url: string) => {
    const place = databaseOf(url)
    assert.ok(place.kind === 'postgres')
    return place
  }
  const neon = of('postgresql://u:p@ep-x-pooler.neon.example/db?sslmode=require&channel_binding=require')
  assert.deepEqual([neon.sslmode, neon.channelBinding], ['require', 'require'])
  const supabase = of('postgres://postgres.ref:p@pooler.example:6543/postgres?pgbouncer=true&connect_timeout=15')
  assert.deepEqual([supabase.user, supabase.connectTimeoutMs], ['postgres.ref', 15_000])
  assert.equal(of('postgres://u:p@h/d?ssl=true').sslmode, 'require')
  assert.equal(of('postgres://u:p@h/d?ssl=0').sslmode, 'disable')
  assert.equal(of('postgres://u:p@h/d?ssl=true&sslmode=verify-full').sslmode, 'verify-full')
  assert.equal(of('postgres://u:p@h/d?sslmode=allow').sslmode, 'allow')
  assert.equal(of('postgres://u:50%25%2F@h/d').password, '50%/')
  const hosts = of('postgres:///d?host=a,b,/run/pg&port=1,,3&target_session_attrs=primary&user=u&password=p%25')
  assert.deepEqual(hosts.hosts, [
    { host: 'a', port: 1 },
    { host: 'b', port: 5432 },
    { host: '/run/pg', port: 3 },
  ])
  assert.deepEqual([hosts.user, hosts.password], ['u', 'p%'])
  assert.deepEqual(of('postgres://u@%2Frun%2Fpg/d').hosts, [{ host: '/run/pg', port: 5432 }])
})

test('what cannot be done as the URL says is refused with the reason', () => {
  const refusals: [query: string, reason: RegExp][] = [
    ['options=-c%20search_path%3Dx', /DISCUE_DATABASE_SCHEMA names the schema/],
    ['schema=jobs', /DISCUE_DATABASE_SCHEMA/],
    ['connection_limit=3', /DISCUE_DATABASE_POOL/],
    ['target_session_attrs=prefer-standby', /read-write, primary, any; the server writes/],
    ['channel_binding=yes', /channel_binding is one of disable, prefer, require/],
    ['connect_timeout=0', /connect_timeout is 1 to 60 seconds/],
    ['ssl=maybe', /sslmode is one of/],
    ['port=1,2', /hosts look like/],
  ]
  for (const [query, reason] of refusals) assert.throws(() => databaseOf(`postgres://u:secret@h/d?${query}`), reason)
  assert.throws(() => databaseOf('postgres://u:50%@h/d'), /written %25/)
})

test('DISCUE_DATABASE_POOL is a number of connections', () => {
  const place = databaseOf('postgres://a@b/c', { DISCUE_DATABASE_POOL: '3' })
  assert.ok(place.kind === 'postgres')
  assert.equal(place.connections, 3)
  for (const DISCUE_DATABASE_POOL of ['0', '101', 'x']) {
    assert.throws(() => databaseOf('postgres://a@b/c', { DISCUE_DATABASE_POOL }), /from 1 to 100/)
  }
  assert.throws(() => databaseOf('sqlite:./x', { DISCUE_DATABASE_POOL: '3' }), /is for PostgreSQL/)
})

test('a URL that is wrong is refused with what would be right, and never shown: it may hold a password', () => {
  for (const rest of ['h:0/d', 'h:99999/d', 'h/d?sslmode=maybe', 'h/d?sslmod=require', 'h:x/d', '%zz/d', '[::1/d']) {
    assert.throws(
      () => databaseOf(`postgres://user:s3cret@${rest}`),
      (error) =>
        error instanceof ConfigError &&
        /DISCUE_DATABASE_URL must be/.test(error.message) &&
        !/s3cret/.test(error.message),
      rest,
    )
  }
  assert.equal(typeof readPostgresUrl('mysql://a@b/c'), 'string')
})

test('the password is that of the first line of the file that fits', () => {
  const file = [
    '# mine',
    'db1:5432:jobs:discue:first',
    'db2:*:*:discue:se\\:cond\\\\',
    '*:*:*:*:any',
    'short:line',
  ].join('\n')
  const of = (host: string, user = 'discue') => passwordIn(file, { host, port: 5432, database: 'jobs', user })
  assert.deepEqual([of('db1'), of('db2'), of('db3'), of('db1', 'other')], ['first', 'se:cond\\', 'any', 'any'])
  const none = passwordIn('db:1:d:u:p\n', { host: '/socket', port: 1, database: 'd', user: 'u' })
  assert.equal(none, '')
  assert.equal(passwordIn('localhost:1:d:u:p', { host: '/socket', port: 1, database: 'd', user: 'u' }), 'p')
})
