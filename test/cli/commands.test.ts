import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { runCommand, sharedCommand, startCommand } from '../support/server/command.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const folder = makeFolder()
let server: ServerProcess
const client = createClient(() => server.url)

before(async () => {
  const url = `sqlite:${join(folder.path, 'discue.db')}`
  server = await startServerProcess({ DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
})
after(async () => {
  await server.end('SIGTERM')
  folder[Symbol.dispose]()
})

const run = sharedCommand()
const discue = (...args: string[]) => run(args, { url: server.url })
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await discue(...args, '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

function file(name: string, text: string | Buffer): string {
  const path = join(folder.path, name)
  writeFileSync(path, text)
  chmodSync(path, 0o600)
  return path
}

describe('queues, listeners and messages by their names', () => {
  test('a queue is made, shown, changed, paused, resumed and deleted', async () => {
    const made = await json('queues', 'create', 'orders', '--schema', '{"order":{"type":"number"}}')
    assert.equal(made.name, 'orders')
    assert.deepEqual(made.schema, { order: { type: 'number' } })
    assert.equal((await json('queues', 'pause', 'orders')).paused, true)
    assert.equal((await json('queues', 'resume', made.id)).paused, false)
    assert.equal((await json('queues', 'update', 'orders', '--no-schema', '--name', 'sales')).schema, undefined)
    assert.deepEqual(
      (await json('queues')).map(({ name }: { name: string }) => name),
      ['sales'],
    )
    assert.match((await discue('queues', 'show', 'sales')).stdout, /^name +sales$/m)
    assert.match(
      (await discue('queues', 'delete', 'sales', '--yes')).stdout,
      new RegExp(`^deleted queue ${made.id}$`, 'm'),
    )
    assert.equal((await client.call('GET', `/queues/${made.id}`)).status, 404)
  })

  test('a listener is made with its settings, and what is sent arrives', async () => {
    const receiver = await startReceiver()
    await json('queues', 'create', 'deliveries')
    const settings = ['--attempts', '3', '--initial-delay', '2s', '--timeout', '5s', '--concurrency', '7']
    const more = ['--rate', '100/1m', '--header', 'x-shop: 7']
    const { secret, id } = await json(
      'listeners',
      'create',
      'deliveries',
      'shop',
      '--to',
      receiver.url,
      ...settings,
      ...more,
    )
    assert.match(secret, /^whsec_/)
    const listener = await json('listeners', 'show', 'deliveries', 'shop')
    assert.equal(listener.id, id)
    assert.equal(listener.timeout, 5_000)
    assert.equal(listener.max_concurrency, 7)
    assert.equal(listener.retry.max_attempts, 3)
    assert.equal(listener.retry.initial_delay, 2_000)
    assert.deepEqual(listener.rate_limit, { requests: 100, per: 60_000 })
    const sent = await discue('send', 'deliveries', '{"order":1}', '--name', 'opening')
    assert.equal(sent.code, 0, sent.stderr)
    await receiver.until(1)
    assert.equal(receiver.received[0]!.body, '{"order":1}')
    assert.equal(receiver.received[0]!.headers['webhook-id'], sent.stdout.trim())
    assert.equal(receiver.received[0]!.headers['x-shop'], '7')
    assert.equal((await json('messages', 'show', 'deliveries', 'opening')).id, sent.stdout.trim())
    assert.match((await discue('listeners')).stdout, /^deliveries +shop .*http:\/\/127/m)
    await discue('listeners', 'delete', 'deliveries', 'shop', '--yes')
    assert.deepEqual(await json('listeners', 'list', 'deliveries'), [])
  })

  test('what no listener gets is said beside the id, with the command that helps, and once for many lines', async () => {
    await json('queues', 'create', 'lonely')
    const help =
      /^discue: lonely had no listener, so none gets this; add one: discue listeners create lonely NAME --to URL; /
    const sent = await discue('send', 'lonely', 'x')
    assert.deepEqual([sent.code, sent.stdout.trim().length], [0, 21])
    assert.match(sent.stderr, help)
    const lines = await run(['send', 'lonely', '--lines'], { url: server.url, stdin: 'a\nb\nc' })
    assert.match(lines.stderr, new RegExp(`${help.source}.*\n$`))
    const shown = await discue('messages', 'show', 'lonely', sent.stdout.trim())
    assert.match(shown.stdout, /^status +unrouted$/m)
    assert.match(shown.stderr, help)

    await json('listeners', 'create', 'lonely', 'desk')
    const routed = await discue('send', 'lonely', 'y')
    assert.deepEqual([routed.code, routed.stderr], [0, ''])
    await discue('listeners', 'delete', 'lonely', 'desk', '--yes')
    const discarded = await discue('messages', 'show', 'lonely', routed.stdout.trim())
    assert.match(discarded.stderr, /^discue: a listener was deleted before it had this; add one: /)
    assert.match((await discue('messages', 'redeliver', 'lonely', routed.stdout.trim())).stderr, /^discue: 422 /)
  })

  test('a message is sent with the time that it is good for, and headers of its own', async () => {
    await json('queues', 'create', 'codes')
    const options = ['--delay', '1h', '--expires-in', '5m', '--header', 'x-kind: login', '--header', 'X-Shop:  7']
    const sent = await discue('send', 'codes', '4711', ...options)
    assert.equal(sent.code, 0, sent.stderr)
    const message = await json('messages', 'show', 'codes', sent.stdout.trim())
    assert.equal(message.expires_at - message.deliver_at, 300_000)
    assert.deepEqual(message.headers, { 'x-kind': 'login', 'X-Shop': '7' })
    const at = new Date(message.expires_at).toISOString()
    const other = await discue('send', 'codes', '4711', '--expires-at', at)
    assert.equal((await json('messages', 'show', 'codes', other.stdout.trim())).expires_at, message.expires_at)
    assert.match((await discue('send', 'codes', 'x', '--header', 'none')).stderr, /--header must be "Name: value"/)
  })

  test('a message is taken from standard input, from a file, and line by line', async () => {
    await json('queues', 'create', 'inputs')
    const path = file('order.json', '{"from":"a file"}')
    await run(['send', 'inputs'], { url: server.url, stdin: 'from a pipe\n' })
    await discue('send', 'inputs', `@${path}`)
    const lines = Array.from({ length: 1_200 }, (_, at) => `line ${at}`)
    const sent = await run(['send', 'inputs', '--lines'], { url: server.url, stdin: lines.join('\n') })
    assert.equal(sent.stdout.trim().split('\n').length, 1_200)
    const stored = (await json('messages', 'list', 'inputs', '-n', '2000')).map(({ data }: { data: string }) => data)
    // Of one millisecond, any may be listed before any other.
    assert.deepEqual(stored.sort(), ['from a pipe\n', '{"from":"a file"}', ...lines].sort())
  })

  test('bytes are taken from a file and from standard input, text stays text, and both go by the type that is given', async () => {
    await json('queues', 'create', 'bytes')
    const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff])
    const image = file('logo.png', bytes)
    const note = file('note.xml', '<a/>')
    const piped = startCommand(['send', 'bytes', '--file', '-', '--name', 'piped'], { url: server.url, stdin: bytes })
    assert.equal(await piped.ended, 0)
    const sent = [
      await discue('send', 'bytes', '--file', image, '--type', 'image/png', '--name', 'image'),
      await discue('send', 'bytes', '--file', note, '--type', 'application/xml', '--name', 'note'),
    ]
    assert.deepEqual(
      sent.map(({ code }) => code),
      [0, 0],
      JSON.stringify(sent),
    )
    const shown = async (name: string) => {
      const { data, data_base64, content_type } = await json('messages', 'show', 'bytes', name)
      return [data, data_base64, content_type]
    }
    const base64 = bytes.toString('base64')
    assert.deepEqual(await shown('image'), [undefined, base64, 'image/png'])
    assert.deepEqual(await shown('note'), ['<a/>', undefined, 'application/xml'])
    assert.deepEqual(await shown('piped'), [undefined, base64, 'application/octet-stream'])
    assert.match((await discue('messages', 'list', 'bytes')).stdout, /\(6 bytes of image\/png\)/)
    for (const [args, line] of [
      [['x', '--file', image], /--file cannot be combined with data/],
      [['--file', image, '--lines'], /--lines is for text/],
      [['--file', '/nowhere/at/all'], /nowhere\/at\/all cannot be read \(ENOENT\)/],
      [['x', '--type', 'png'], /must be a media type/],
    ] as const) {
      const refused = await discue('send', 'bytes', ...args)
      assert.notEqual(refused.code, 0)
      assert.match(refused.stderr, line)
    }
  })

  test('a key is made with scopes, used from a file, disabled, and refused', async () => {
    const { api_key: key, id } = await json('keys', 'create', '--name', 'shop', '--scope', 'queues:read')
    const path = file('key', `${key}\n`)
    const use = () => run(['queues', '--api-key-file', path, '--url', server.url])
    assert.equal((await use()).code, 0)
    assert.deepEqual((await json('keys', 'show', 'shop')).scopes, [
      { resource: 'queues', access: 'read', targets: '*' },
    ])
    await json('keys', 'disable', id)
    const refused = await use()
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^discue: 401 Unauthorized: the API key is unknown or disabled\n$/)
    chmodSync(path, 0o644)
    assert.match((await use()).stderr, /can be read by others/)
  })

  test('what a schedule would do is told without making it', async () => {
    const preview = await json('schedules', 'preview', '--cron', '0 9 * * 1-5', '--timezone', 'Europe/Berlin')
    assert.equal(preview.words, 'At 09:00 on Monday to Friday')
    assert.equal(preview.next_runs.length, 10)
    const shown = (await discue('schedules', 'preview', '--every', 'P1M', '--starts-at', '2090-01-31T09:00:00Z')).stdout
    assert.match(shown, /^words +Every month, counted from 31 January 2090 at 09:00 in UTC$/m)
    assert.match(shown, /^next_runs +2090-01-31T09:00:00Z, 2090-02-28T09:00:00Z, 2090-03-31T09:00:00Z/m)
    const refused = await discue('schedules', 'preview', '--cron', '61 * * * *')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /cron has "61" as its minute/)
  })

  test('a schedule is made, run, paused, changed and deleted', async () => {
    await json('queues', 'create', 'reports')
    const when = ['--cron', '0 9 * * 1-5', '--timezone', 'Europe/Berlin']
    const made = await json('schedules', 'create', 'reports', 'daily', ...when, '--data', '{"report":1}')
    assert.equal(made.cron, '0 9 * * 1-5')
    assert.equal(made.timezone, 'Europe/Berlin')
    assert.equal(made.next_runs.length, 5)
    const { message } = await json('schedules', 'run', 'reports', 'daily')
    assert.equal((await json('messages', 'show', 'reports', message.id)).data, '{"report":1}')
    assert.equal((await json('schedules', 'pause', 'reports', 'daily')).paused, true)
    assert.equal((await json('schedules', 'resume', 'reports', 'daily')).paused, false)
    assert.equal((await json('schedules', 'update', 'reports', 'daily', '--name', 'weekly')).name, 'weekly')
    const monthly = ['--every', 'P1M', '--starts-at', '2027-01-31T09:00:00Z', '--data', 'x', '--paused']
    assert.equal((await json('schedules', 'create', 'reports', 'monthly', ...monthly)).every, 'P1M')
    const every = await json('schedules', 'create', 'reports', 'poll', '--every', '15m', '--data', 'x', '--paused')
    assert.deepEqual([every.every, every.paused], [900_000, true])
    assert.match((await discue('schedules', 'list')).stdout, /^reports +weekly .* 0 9 \* \* 1-5 +Europe\/Berlin/m)
    assert.match((await discue('schedules', 'list', 'reports')).stdout, /^weekly .* 0 9 \* \* 1-5 +Europe\/Berlin/m)
    assert.match(
      (await discue('schedules', 'delete', 'reports', 'weekly', '--yes')).stdout,
      new RegExp(`deleted schedule ${made.id}`),
    )
  })

  test('a message is delivered again, to whom it was, and all that were missed at once', async () => {
    let status = 500
    const receiver = await startReceiver((_, response) => {
      response.statusCode = status
      response.end()
    })
    await json('queues', 'create', 'missing')
    await json('listeners', 'create', 'missing', 'shop', '--to', receiver.url, '--attempts', '1')
    const [first, second] = [await json('send', 'missing', 'a'), await json('send', 'missing', 'b')]
    await receiver.until(2)
    const missed = async () => (await json('listeners', 'show', 'missing', 'shop')).messages.missed_count
    await waitFor('missed deliveries', missed, 2)
    const [attempt] = await json('messages', 'attempts', 'missing', first.id)
    assert.equal(attempt.status, 500)
    status = 200
    await discue('messages', 'redeliver', 'missing', first.id, '--listener', 'shop')
    await receiver.until(3)
    const which = ['missing', 'shop', '--status', 'missed', '--since', '-1h']
    assert.deepEqual(await json('listeners', 'redeliver', ...which, '--dry-run'), { matched: 1 })
    const many = await json('listeners', 'redeliver', ...which)
    await receiver.until(4)
    assert.deepEqual(
      receiver.received.slice(2).map(({ headers }) => headers['webhook-id']),
      [first.id, second.id],
    )
    assert.equal((await json('listeners', 'redelivery', 'missing', 'shop', many.id)).id, many.id)
  })

  test('deliveries of many messages are counted, discarded, and waited for', async () => {
    await json('queues', 'create', 'unwanted')
    await json('listeners', 'create', 'unwanted', 'shop')
    for (const data of ['{"customer":17}', '{"customer":18}', '{"customer":17}']) await json('send', 'unwanted', data)
    const which = ['unwanted', '--listener', 'shop', '--since', '-1h', '--contains', '"customer":17']
    const counted = await discue('messages', 'discard', ...which, '--dry-run')
    assert.equal(counted.stdout, '2 deliveries would be discarded\n')
    assert.equal((await discue('messages', 'discard', ...which)).code, 2)
    const { id, matched, done } = await json('messages', 'discard', ...which, '--yes', '--wait')
    assert.deepEqual([matched, done], [2, true])
    assert.equal((await json('messages', 'discarded', 'unwanted', id)).matched, 2)
    assert.deepEqual(await json('messages', 'discard', 'unwanted', '--status', 'missed', '--dry-run'), {
      ...{ matched: 0, done: true },
    })
  })

  test('a listener is checked, disabled, enabled, and gets another secret', async () => {
    const receiver = await startReceiver()
    await json('queues', 'create', 'checked')
    await json('listeners', 'create', 'checked', 'shop', '--to', receiver.url)
    assert.match((await discue('listeners', 'check', 'checked', 'shop')).stdout, /connect/)
    await discue('send', 'checked', 'alive?')
    await waitFor('a change of liveness', async () => (await json('listeners', 'liveness', 'checked', 'shop')).length)
    assert.match((await discue('listeners', 'liveness', 'checked', 'shop')).stdout, /^\S+Z +unknown +stable +-$/m)
    assert.equal(receiver.received[0]!.headers['discue-test'], 'true')
    assert.equal((await json('listeners', 'disable', 'checked', 'shop')).status, 'disabled')
    assert.equal((await json('listeners', 'enable', 'checked', 'shop')).status, 'enabled')
    assert.match((await json('listeners', 'rotate-secret', 'checked', 'shop')).secret, /^whsec_/)
    const update = ['--timeout', '2s', '--ordering', 'queue', '--body', '{"on_missed":"block"}']
    update.push('--method', 'PATCH', '--circuit-breaker', 'off')
    const changed = await json('listeners', 'update', 'checked', 'shop', ...update)
    assert.deepEqual([changed.timeout, changed.ordering, changed.on_missed], [2_000, 'queue', 'block'])
    assert.deepEqual([changed.method, changed.circuit_breaker], ['PATCH', false])
  })

  test('a filter is set from an argument or a file, shown, refused at its place, and taken back', async () => {
    using folder = makeFolder()
    const file = join(folder.path, 'filter.json')
    writeFileSync(file, '{"data":{"total":{"$gt":5}}}')
    await json('queues', 'create', 'filtered')
    await json('listeners', 'create', 'filtered', 'shop', '--filter', '{"name":["a.*"]}')
    const shown = await json('listeners', 'show', 'filtered', 'shop')
    assert.deepEqual(shown.filter, { name: ['a.*'] })
    const changed = await json('listeners', 'update', 'filtered', 'shop', '--filter-file', file)
    assert.deepEqual(changed.filter, { data: { total: { $gt: 5 } } })
    assert.equal((await json('listeners', 'update', 'filtered', 'shop', '--filter', 'null')).filter, null)
    const update = ['listeners', 'update', 'filtered', 'shop']
    const both = await discue(...update, '--filter', 'null', '--filter-file', file)
    assert.deepEqual([both.code === 0, /cannot be combined/.test(both.stderr)], [false, true])
    const wrong = await discue(...update, '--filter', '{"data":{"a":{"$regex":"x"}}}')
    assert.deepEqual([wrong.code === 0, /\/filter\/data\/a\/\$regex/.test(wrong.stderr)], [false, true])
    assert.match((await discue(...update, '--filter', '{')).stderr, /--filter is not valid JSON/)
  })

  test('how a listener is authenticated to is set with a secret from a file or the environment, kept, and taken back', async () => {
    const password = file('password', 'hunter2\n')
    await json('queues', 'create', 'secured')
    const basic = ['--auth', 'basic', '--auth-user', 'a']
    await json(
      'listeners',
      'create',
      'secured',
      'shop',
      '--to',
      'http://a.test',
      ...basic,
      '--auth-secret-file',
      password,
    )
    const kept = await json('listeners', 'update', 'secured', 'shop', ...basic)
    assert.deepEqual(kept.auth, { type: 'basic', username: 'a', password: '***' })
    const oauth = [
      '--auth',
      'oauth2',
      '--token-url',
      'http://login.test/',
      '--client-id',
      'c',
      '--scope',
      'x',
      '--scope',
      'y',
    ]
    const changed = await json('listeners', 'update', 'secured', 'shop', ...oauth, '--auth-secret-env', 'PATH')
    assert.deepEqual([changed.auth.client_id, changed.auth.scopes], ['c', ['x', 'y']])
    assert.equal((await json('listeners', 'update', 'secured', 'shop', '--auth', 'none')).auth, null)
    const tls = ['--tls-ca', file('ca.pem', 'no certificate'), '--tls-server-name', 'a.test']
    const refused = await discue('listeners', 'update', 'secured', 'shop', ...tls)
    assert.match(refused.stderr, /tls.ca .*not a certificate/)
    const named = await json('listeners', 'update', 'secured', 'shop', ...tls.slice(2))
    assert.deepEqual([named.tls.server_name, named.tls.verify], ['a.test', true])
    assert.equal((await json('listeners', 'update', 'secured', 'shop', '--tls', 'none')).tls, null)
    const nameless = await discue('listeners', 'update', 'secured', 'shop', '--auth-user', 'a')
    assert.deepEqual([nameless.code, nameless.stderr.match(/these options need --auth basic/)?.length], [2, 1])
  })

  test('the ledger is shown, a row for each listener', async () => {
    await json('queues', 'create', 'booked')
    await json('listeners', 'create', 'booked', 'worker')
    await discue('send', 'booked', 'x')
    const { code, stdout } = await discue('ledger', '--since', '-1h')
    assert.equal(code, 0)
    assert.match(stdout, /^QUEUE +LISTENER +ACCEPTED/)
    assert.match(stdout, /^booked +worker +1 +0 +1 +0 +0 +0 +0$/m)
    assert.equal((await json('ledger')).unaccounted, 0)
  })

  test('the tail shows what happened, oldest first', async () => {
    await json('queues', 'create', 'watched')
    const { stdout } = await discue('tail', '--no-follow', '--events', 'queues', '--json', '-n', '1')
    const event = JSON.parse(stdout)
    assert.equal(event.type, 'queue_added')
    assert.equal(event.queue.name, 'watched')
  })
})

describe('what goes wrong is said in one line, with an exit code', () => {
  const wrong: [string, string[], number, RegExp][] = [
    ['an unknown command', ['frobnicate'], 2, /unknown command 'frobnicate'/],
    ['an unknown option', ['queues', '--frob'], 2, /unknown option '--frob'/],
    ['an argument too few', ['queues', 'create'], 2, /missing required argument 'name'/],
    ['a name that nothing has', ['queues', 'show', 'nowhere'], 1, /there is no queue named "nowhere"/],
    [
      'a refusal, with its faults',
      ['queues', 'create', 'a b'],
      1,
      /422 Unprocessable Entity: .*\/name must be 1 to 128/,
    ],
    ['JSON that is none', ['queues', 'create', 'x', '--schema', '{'], 2, /the schema is not valid JSON/],
    ['a duration that is none', ['send', 'x', 'y', '--delay', 'soon'], 2, /"soon" is no duration/],
    ['a file that is not there', ['send', 'x', '@/no/where'], 1, /\/no\/where cannot be read \(ENOENT\)/],
    ['a scope that is none', ['keys', 'create', '--scope', 'all'], 2, /"all" is no scope/],
    ['an address that is none', ['queues', '--url', 'ftp://x'], 2, /must be an http or https URL/],
    ['nobody at the address', ['queues', '--url', 'http://127.0.0.1:1'], 1, /no answer from http:\/\/127.0.0.1:1/],
  ]
  for (const [what, args, code, says] of wrong) {
    test(what, async () => {
      // As people run it: by itself, and with what it answers the shell.
      const result = await runCommand(args, { url: server.url })
      assert.equal(result.code, code, result.stderr)
      assert.match(result.stderr, says)
      assert.match(result.stderr, /^discue: [^\n]+\n(\(add --help for what is allowed\)\n)?$/)
      assert.equal(result.stdout, '')
    })
  }

  test('no key', async () => {
    const { code, stderr } = await runCommand(['queues'])
    assert.equal(code, 2)
    assert.match(stderr, /^discue: no API key: set DISCUE_API_KEY/)
  })

  test('a key on the command line is warned about, and never repeated', async () => {
    const { stderr } = await discue('queues', '--api-key', 'a-key-that-is-wrong')
    assert.match(stderr, /--api-key shows in process lists/)
    assert.ok(!stderr.includes('a-key-that-is-wrong'))
  })
})

describe('help and completion', () => {
  test('every command explains itself', async () => {
    const { stdout, code } = await runCommand(['--help'])
    assert.equal(code, 0)
    assert.match(stdout, /Exit codes:/)
    for (const words of [['serve'], ['queues', 'create'], ['listen'], ['send'], ['backup'], ['torture']]) {
      const help = await run([...words, '--help'])
      assert.equal(help.code, 0, help.stderr)
      assert.match(help.stdout, /Examples:/, words.join(' '))
    }
  })

  test('commands, options, choices and names of queues are completed', async () => {
    await json('queues', 'create', 'completed')
    const complete = async (...words: string[]) => (await discue('__complete', '--', ...words)).stdout.split('\n')
    assert.ok((await complete('que')).includes('queues'))
    assert.ok((await complete('queues', '')).includes('pause'))
    assert.deepEqual(await complete('send', 'compl'), ['completed', ''])
    assert.deepEqual(await complete('listeners', 'create', '--ordering', 'q'), ['queue', ''])
    assert.ok((await complete('send', 'completed', '--del')).includes('--delay'))
    assert.deepEqual(await complete('completion', 'z'), ['zsh', ''])
  })
})
