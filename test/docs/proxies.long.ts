import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../../torture/servers/ports.ts'
import { type Certificate, makeCertificate } from '../support/server/certificate.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

/** The proxies of the guide, set up as the guide says, in front of a real server: what it says must be what works. */
const GUIDE = readFileSync(new URL('../../docs/guides/production.md', import.meta.url), 'utf8')

/** Where the guide has the server. */
const NAME = 'queue.example.com'

/** The one block of the guide in a language that holds a text. */
function blockOf(language: string, holding: string): string {
  const blocks = [...GUIDE.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(
    ([, of, text]) => of === language && text!.includes(holding),
  )
  assert.equal(blocks.length, 1, `blocks in ${language} with ${holding}`)
  return blocks[0]![2]!
}

/** Replaces what stands there exactly once, so that a change of the guide is noticed. */
function withChanges(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((changed, [from, to]) => {
    assert.equal(changed.split(from).length, 2, `"${from}" is in the guide's block once`)
    return changed.replace(from, to)
  }, text)
}

interface Setup {
  folder: string
  port: number
  upstream: number
  certificate: { cert: string; key: string }
}

interface Proxy {
  name: string
  program: string
  /** Writes its configuration; answers with what to run. */
  prepare(setup: Setup): string[]
}

const nginx: Proxy = {
  name: 'nginx',
  program: 'nginx',
  prepare({ folder, port, upstream, certificate }) {
    const block = withChanges(blockOf('nginx', 'proxy_pass'), [
      ['server 127.0.0.1:3000;', `server 127.0.0.1:${upstream};`],
      ['listen 443 ssl http2;', `listen 127.0.0.1:${port} ssl http2;`],
      ['/etc/ssl/queue.example.com.pem', certificate.cert],
      ['/etc/ssl/queue.example.com.key', certificate.key],
    ])
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    )
    const main = `daemon off;\nmaster_process off;\npid ${folder}/pid;\nerror_log stderr;\nevents {}\n`
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, `${main}http {\naccess_log off;\n${temporary.join('\n')}\n${block}\n}\n`)
    return ['-c', file, '-p', folder, '-e', 'stderr']
  },
}

const caddy: Proxy = {
  name: 'Caddy',
  program: 'caddy',
  prepare({ folder, port, upstream, certificate }) {
    const block = withChanges(blockOf('text', 'reverse_proxy'), [
      [
        'queue.example.com {',
        `https://${NAME}:${port} {\n  bind 127.0.0.1\n  tls ${certificate.cert} ${certificate.key}`,
      ],
      ['127.0.0.1:3000', `127.0.0.1:${upstream}`],
    ])
    const file = join(folder, 'Caddyfile')
    writeFileSync(file, `{\n  admin off\n  auto_https off\n}\n${block}\n`)
    return ['run', '--adapter', 'caddyfile', '--config', file]
  },
}

/** Counts the connections that a proxy opens, on their way to the server. */
async function startCounter(port: number): Promise<{ port: number; connections: () => number; server: Server }> {
  let count = 0
  const server = createServer((socket) => {
    count += 1
    const onwards = connect(port, '127.0.0.1')
    const end = () => {
      socket.destroy()
      onwards.destroy()
    }
    for (const one of [socket, onwards]) one.on('error', end).on('close', end)
    socket.pipe(onwards).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as { port: number }).port, connections: () => count, server }
}

const children = new Set<ChildProcess>()
after(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** Where this test runs as root, the proxy does not: a guide that works for root alone works for no service. */
const NOBODY = 65_534
const unprivileged = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

async function startProxy(program: string, args: readonly string[], { folder, port }: Setup): Promise<ChildProcess> {
  const env = { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child = spawn(program, args, { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...unprivileged })
  children.add(child)
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text) => (output += text))
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${output}`)
    if (await reachable(port)) return child
    await setTimeout(50)
  }
  throw new Error(`timed out, ${program} does not listen: ${output}`)
}

async function reachable(port: number): Promise<boolean> {
  const socket: Socket = connect(port, '127.0.0.1')
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return open
}

interface Answer {
  status: number
  headers: Record<string, unknown>
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests
  body: any
}

/** Speaks HTTPS to the proxy as its clients do. */
function createCall(port: number, { cert }: Certificate) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  after(() => agent.destroy())
  return async (
    method: string,
    path: string,
    more: { body?: unknown; key?: string; from?: string; headers?: object } = {},
  ): Promise<Answer> => {
    const payload = more.body === undefined ? undefined : JSON.stringify(more.body)
    const options: RequestOptions = {
      ...{ host: '127.0.0.1', port, method, path, ca: cert, servername: NAME, localAddress: more.from ?? '127.0.0.1' },
      agent: more.from === undefined ? agent : false,
      headers: {
        host: NAME,
        'x-api-key': more.key ?? TEST_ROOT_KEY,
        ...(payload !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
        }),
        ...more.headers,
      },
    }
    const request = httpsRequest(options)
    // A body that is refused early is not read to its end; where no answer came at all, what waits for it rejects.
    request.on('error', () => undefined)
    request.end(payload)
    const [response] = await once(request, 'response')
    const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString()
    return { status: response.statusCode, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }
}

const certificate = makeCertificate(NAME)

for (const proxy of [nginx, caddy]) {
  const missing = certificate === null ? 'openssl' : spawnSync(proxy.program, ['-v']).error ? proxy.program : null
  const skip =
    missing === null
      ? false
      : `this machine has no ${missing}: bash scripts/ensure-proxies.sh installs the proxies on Debian`
  describe(`behind ${proxy.name}, set up as the guide says`, { skip }, async () => {
    if (certificate === null || missing !== null) return
    const folder = makeFolder()
    after(() => folder[Symbol.dispose]())
    const own = join(folder.path, proxy.program)
    mkdirSync(own)
    const files = { cert: join(own, 'cert.pem'), key: join(own, 'key.pem') }
    writeFileSync(files.cert, certificate.cert)
    writeFileSync(files.key, certificate.key)
    const told = blockOf('ini', 'DISCUE_TRUSTED_PROXIES')
      .split('\n')
      .filter((line) => /^DISCUE_/.test(line))
    const settings = Object.fromEntries(told.map((line) => /^(\w+)=(\S+)/.exec(line)!.slice(1) as [string, string]))
    assert.ok('DISCUE_TARGETS' in settings, 'the guide says aloud where deliveries may go')
    const server = await startServerProcess({
      ...settings,
      DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
      DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    })
    const counter = await startCounter(Number(new URL(server.url).port))
    after(() => counter.server.close())
    const setup = { folder: own, port: await freePort(), upstream: counter.port, certificate: files }
    const args = proxy.prepare(setup)
    chmodSync(folder.path, 0o711)
    if ('uid' in unprivileged) for (const path of [own, files.cert, files.key]) chownSync(path, NOBODY, NOBODY)
    assert.ok(existsSync(files.key))
    const child = await startProxy(proxy.program, args, setup)
    after(() => child.kill('SIGKILL'))
    const call = createCall(setup.port, certificate)
    const queue = (await call('POST', '/v1/queues', { body: { name: 'q' } })).body.queue

    test('links are those of the public URL, and the targets are public', async () => {
      const { body } = await call('GET', `/v1/queues/${queue.id}`)
      assert.ok(body._links.self.href.startsWith('https://queue.example.com/v1/'), body._links.self.href)
      const inside = { name: 'inside', notify_url: 'http://127.0.0.1:9/' }
      const refused = await call('POST', `/v1/queues/${queue.id}/listeners`, { body: inside })
      assert.equal(refused.status, 422)
      assert.match(refused.body.errors[0].message, /DISCUE_TARGETS/)
    })

    test('connections to the server are kept alive', async () => {
      await call('GET', '/v1/queues')
      const before = counter.connections()
      for (let turn = 0; turn < 50; turn++) assert.equal((await call('GET', '/v1/queues')).status, 200)
      assert.ok(counter.connections() - before <= 2, `${counter.connections() - before} connections for 50 requests`)
    })

    test('a batch of nearly 16 MiB is taken, and one that is larger is refused', async () => {
      const data = 'x'.repeat(250 * 1024)
      const batch = (messages: number) => ({ body: { messages: Array.from({ length: messages }, () => ({ data })) } })
      const taken = await call('POST', `/v1/queues/${queue.id}/messages/batch`, batch(65))
      assert.equal(taken.status, 200)
      assert.equal(taken.body.messages.length, 65)
      const refused = await call('POST', `/v1/queues/${queue.id}/messages/batch`, batch(66))
      assert.equal(refused.status, 413)
      assert.equal(refused.body.title, 'Content Too Large')
    })

    test('what happens arrives at once over a stream of events', async () => {
      const agent = new Agent()
      const request = httpsRequest({
        ...{
          host: '127.0.0.1',
          port: setup.port,
          path: '/v1/events/stream',
          ca: certificate.cert,
          servername: NAME,
          agent,
        },
        headers: { host: NAME, 'x-api-key': TEST_ROOT_KEY, accept: 'text/event-stream' },
      })
      request.end()
      const [response] = await once(request, 'response')
      let text = ''
      let posted = false
      const limit = AbortSignal.timeout(30_000)
      limit.addEventListener('abort', () =>
        response.destroy(new Error(`timed out, of the stream there arrived: ${text}`)),
      )
      for await (const piece of response) {
        text += piece
        if (text.includes('message_added')) break
        if (posted || !text.includes('event: hello')) continue
        posted = true
        assert.equal(
          (await call('POST', `/v1/queues/${queue.id}/messages`, { body: { data: 'streamed' } })).status,
          200,
        )
      }
      assert.ok(text.includes('message_added'), text)
      request.destroy()
      agent.destroy()
    })

    test('clients speak HTTP/2 to it', async () => {
      const session = connectHttp2(`https://127.0.0.1:${setup.port}`, { ca: certificate.cert, servername: NAME })
      const stream = session.request({
        ':path': '/v1/queues',
        ':authority': NAME,
        'x-api-key': TEST_ROOT_KEY,
      })
      const [headers] = await once(stream, 'response')
      assert.equal(headers[':status'], 200)
      assert.equal(session.alpnProtocol, 'h2')
      stream.resume()
      await once(stream, 'end')
      session.destroy()
    })

    test('ten wrong keys lock out the client that sent them, whatever it claims to be, and no other', async () => {
      const forged = () => ({ 'x-forwarded-for': `198.51.100.${Math.floor(Math.random() * 250)}` })
      for (let turn = 0; turn < 10; turn++) {
        const answer = await call('GET', '/v1/queues', { key: 'wrong', from: '127.0.0.2', headers: forged() })
        assert.equal(answer.status, 401)
      }
      const locked = await call('GET', '/v1/queues', { from: '127.0.0.2', headers: forged() })
      assert.equal(locked.status, 403)
      assert.ok(Number(locked.headers['retry-after']) > 0)
      assert.equal((await call('GET', '/v1/queues', { from: '127.0.0.3' })).status, 200)
      assert.equal(
        (await call('GET', '/v1/queues', { from: '127.0.0.3', headers: { 'x-forwarded-for': '127.0.0.2' } })).status,
        200,
      )
    })
  })
}
