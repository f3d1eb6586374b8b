import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { listen } from './wire.ts'

/** A proxy that works: where it is, and what it was asked to connect to, in order. */
export interface TestProxy {
  url: string
  asked: string[]
}

interface ProxyOptions {
  /** What it wants to be told; nothing where it is left out. */
  credentials?: { name: string; password: string }
  tls?: { cert: string; key: string }
  /** Where its rules let nothing through, such as `127.0.0.1:80`. */
  forbidden?: string[]
  /** Where names lead. */
  names?: Record<string, string>
}

/** A proxy of HTTP's CONNECT, through TLS where it has a certificate. */
export async function openHttpProxy(
  t: TestContext,
  { credentials, tls, forbidden = [], names = {} }: ProxyOptions = {},
) {
  const asked: string[] = []
  const server = tls === undefined ? createHttpServer() : createHttpsServer(tls)
  const wanted = credentials && `Basic ${btoa(`${credentials.name}:${credentials.password}`)}`
  server.on('connect', (request, socket: Socket) => {
    socket.on('error', () => {})
    if (wanted !== undefined && request.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    asked.push(request.url!)
    if (forbidden.includes(request.url!)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nx-squid-error: ERR_ACCESS_DENIED 0\r\n\r\n')
      return
    }
    const { hostname, port } = new URL(`http://${request.url}`)
    const bare = hostname.replace(/^\[|\]$/g, '')
    const onward = connect({ host: names[bare] ?? bare, port: Number(port || 80) })
    onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    onward.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n')
      bridge(socket, onward)
    })
  })
  const at = await listen(t, server as unknown as Server)
  return { url: `${tls === undefined ? 'http' : 'https'}://${at}`, asked }
}

function bridge(one: Socket, other: Socket): void {
  one.pipe(other).on('error', () => one.destroy())
  other.pipe(one).on('error', () => other.destroy())
  one.on('close', () => other.destroy())
  other.on('close', () => one.destroy())
}

/** A proxy of SOCKS 5. */
export async function openSocksProxy(
  t: TestContext,
  { credentials, forbidden = [], names = {} }: ProxyOptions = {},
): Promise<TestProxy> {
  const asked: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    serveSocks(socket, { credentials, forbidden, names, asked }).catch(() => socket.destroy())
  })
  return { url: `socks5://${await listen(t, server)}`, asked }
}

async function serveSocks(
  socket: Socket,
  {
    credentials,
    forbidden,
    names,
    asked,
  }: Pick<ProxyOptions, 'credentials'> & { forbidden: string[]; names: Record<string, string>; asked: string[] },
): Promise<void> {
  const read = readerOf(socket)
  const [, count] = await read(2)
  const methods = [...(await read(count!))]
  const method = credentials === undefined ? 0 : 2
  if (!methods.includes(method)) return void socket.end(Buffer.from([5, 255]))
  socket.write(Buffer.from([5, method]))
  if (credentials !== undefined) {
    const name = (await read((await read(2))[1]!)).toString()
    const password = (await read((await read(1))[0]!)).toString()
    const fits = name === credentials.name && password === credentials.password
    socket.write(Buffer.from([1, fits ? 0 : 1]))
    if (!fits) return void socket.end()
  }
  const [, , , kind] = await read(4)
  const size = kind === 1 ? 4 : kind === 4 ? 16 : (await read(1))[0]!
  const address = await read(size)
  const host = kind === 3 ? address.toString() : kind === 1 ? [...address].join('.') : 'ipv6'
  const port = (await read(2)).readUInt16BE()
  asked.push(`${host}:${port}`)
  const reply = (code: number) => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0])
  if (forbidden.includes(`${host}:${port}`)) return void socket.end(reply(2))
  const onward = connect({ host: names[host] ?? host, port })
  onward.on('error', () => socket.end(reply(5)))
  onward.once('connect', () => {
    socket.removeAllListeners('data')
    socket.write(reply(0))
    bridge(socket, onward)
  })
}

function readerOf(socket: Socket): (count: number) => Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  let look = () => {}
  socket.on('data', (more: Buffer) => {
    bytes = Buffer.concat([bytes, more])
    look()
  })
  return (count) =>
    new Promise((resolve) => {
      look = () => {
        if (bytes.length < count) return
        look = () => {}
        const read = bytes.subarray(0, count)
        bytes = bytes.subarray(count)
        resolve(read)
      }
      look()
    })
}
