import { isIP, type Socket } from 'node:net'
import { parseAddress } from '../../../core/network/address.ts'
import type { EgressProxy } from '../../../core/network/egress.ts'
import { ByteReader } from './byte-reader.ts'
import { ProxyFault, TargetFault } from './proxy-fault.ts'

/** Where a proxy is to connect to: an address, or a name where the proxy finds the addresses. */
export interface TunnelEnd {
  host: string
  port: number
}

/** Has a proxy connect to the end. Rejects with `ProxyFault` or `TargetFault`. */
export function shakeHands(socket: Socket, proxy: EgressProxy, end: TunnelEnd): Promise<void> {
  return talk(socket, (reader) => (proxy.protocol === 'socks5:' ? socks5 : connect)({ socket, reader, proxy, end }))
}

/**
 * Asks a proxy something that it has to answer by itself, to know whether it lives: an `OPTIONS` that goes no further
 * (RFC 9110, section 7.6.2), or the methods of SOCKS 5. Rejects with `ProxyFault`.
 */
export function askWhetherItLives(socket: Socket, proxy: EgressProxy): Promise<void> {
  return talk(socket, async (reader) => {
    if (proxy.protocol === 'socks5:') return greet({ socket, reader, proxy })
    const host = authority({ host: proxy.hostname, port: proxy.port })
    socket.write(`OPTIONS * HTTP/1.1\r\nhost: ${host}\r\nmax-forwards: 0\r\n${authorization(proxy)}\r\n`, 'latin1')
    await statusOf(reader)
  })
}

interface Talk {
  socket: Socket
  reader: ByteReader
  proxy: EgressProxy
}

/** A head of more than this is none of a proxy. */
const MAX_HEAD_BYTES = 16 * 1024

async function talk(socket: Socket, say: (reader: ByteReader) => Promise<void>): Promise<void> {
  const reader = new ByteReader(socket, MAX_HEAD_BYTES)
  try {
    await say(reader)
  } catch (error) {
    throw error instanceof TargetFault || error instanceof ProxyFault ? error : broken(error as Error)
  } finally {
    // A receiver says nothing before it is asked.
    if (!reader.release()) socket.destroy()
  }
  if (socket.destroyed) throw new ProxyFault('the proxy sent more than its answer')
}

function broken({ message }: Error): ProxyFault {
  return new ProxyFault(`the proxy gave no answer that could be read: ${message}`)
}

/** HTTP's CONNECT (RFC 9110, section 9.3.6). */
async function connect({ socket, reader, proxy, end }: Talk & { end: TunnelEnd }): Promise<void> {
  const host = authority(end)
  socket.write(`CONNECT ${host} HTTP/1.1\r\nhost: ${host}\r\n${authorization(proxy)}\r\n`, 'latin1')
  const status = await statusOf(reader)
  if (status >= 200 && status <= 299) return
  if (status === 407) throw new ProxyFault('the proxy wants credentials, or others than it was given (407)')
  if (status === 502 || status === 503 || status === 504)
    throw new TargetFault('BEYOND_PROXY', `the proxy could not connect to it (${status})`)
  if (status === 403) throw new TargetFault('FORBIDDEN_BY_PROXY', `${NOT_ALLOWED} (403)`)
  throw new ProxyFault(`the proxy refused to connect (${status})`)
}

/** Interim responses may come before the one that counts. */
async function statusOf(reader: ByteReader): Promise<number> {
  for (;;) {
    const head = (await reader.read(headEnd)).toString('latin1')
    const [, status] = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?\r?\n/.exec(head) ?? []
    if (status === undefined) throw new Error('it is no HTTP')
    if (Number(status) >= 200) return Number(status)
  }
}

function headEnd(bytes: Buffer): number {
  // What begins otherwise never becomes HTTP: it need not be waited for.
  if (!'HTTP/1.'.startsWith(bytes.toString('latin1', 0, 7)) && bytes.length > 0) return bytes.length
  const at = bytes.indexOf('\r\n\r\n')
  return at === -1 ? 0 : at + 4
}

function authority({ host, port }: TunnelEnd): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

function authorization({ credentials }: EgressProxy): string {
  if (credentials === null) return ''
  const pair = Buffer.from(`${credentials.name}:${credentials.password}`, 'utf8').toString('base64')
  return `proxy-authorization: Basic ${pair}\r\n`
}

/** Of this one target: a proxy that has rules answers so while it serves all others. */
const NOT_ALLOWED = 'the rules of the proxy do not allow a connection to this target'

const VERSION = 5
const [NO_AUTHENTICATION, NAME_AND_PASSWORD, NONE_ACCEPTABLE] = [0, 2, 255]
const [IPV4, NAME, IPV6] = [1, 3, 4]

/** SOCKS 5 (RFC 1928), with a name and password where the proxy wants them (RFC 1929). */
async function socks5({ socket, reader, proxy, end }: Talk & { end: TunnelEnd }): Promise<void> {
  await greet({ socket, reader, proxy })
  const port = Buffer.alloc(2)
  port.writeUInt16BE(end.port)
  socket.write(Buffer.concat([Buffer.from([VERSION, 1, 0]), addressBytes(end.host), port]))
  const answer = await reader.read(replyEnd)
  expectVersion(answer[0]!, VERSION)
  const reply = answer[1]!
  if (reply !== 0) throw replyFault(reply)
  if (![IPV4, NAME, IPV6].includes(answer[3]!)) throw new Error('it is no SOCKS 5')
}

async function greet({ socket, reader, proxy: { credentials } }: Talk): Promise<void> {
  const methods = credentials === null ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, NAME_AND_PASSWORD]
  socket.write(Buffer.from([VERSION, methods.length, ...methods]))
  const [version, method] = await reader.read(two)
  expectVersion(version!, VERSION)
  if (method === NO_AUTHENTICATION) return
  if (method === NONE_ACCEPTABLE) throw new ProxyFault('the proxy wants credentials, or others than it was given')
  if (method !== NAME_AND_PASSWORD || credentials === null) throw new Error('it chose a method that was not offered')
  const [name, password] = [Buffer.from(credentials.name), Buffer.from(credentials.password)]
  const told = [Buffer.from([1, name.length]), name, Buffer.from([password.length]), password]
  socket.write(Buffer.concat(told))
  const [, status] = await reader.read(two)
  if (status !== 0) throw new ProxyFault('the proxy does not take its credentials')
}

function two(bytes: Buffer): number {
  return bytes.length >= 2 ? 2 : 0
}

function expectVersion(version: number, expected: number): void {
  if (version !== expected) throw new Error('it is no SOCKS 5')
}

function addressBytes(host: string): Buffer {
  const address = parseAddress(host)
  if (address !== null) return Buffer.from([address.kind() === 'ipv4' ? IPV4 : IPV6, ...address.toByteArray()])
  const name = Buffer.from(host, 'latin1')
  return Buffer.concat([Buffer.from([NAME, name.length]), name])
}

/** Of a reply, whose length its address tells. */
function replyEnd(bytes: Buffer): number {
  if (bytes.length < 5) return bytes.length >= 1 && bytes[0] !== VERSION ? bytes.length : 0
  const sizes: Record<number, number> = { [IPV4]: 4, [NAME]: 1 + bytes[4]!, [IPV6]: 16 }
  const size = sizes[bytes[3]!]
  // A refusal counts, whatever is behind it.
  if (size === undefined) return bytes.length
  return bytes.length >= 6 + size ? 6 + size : 0
}

function replyFault(reply: number): ProxyFault | TargetFault {
  if (reply === 3 || reply === 4) return new TargetFault('EHOSTUNREACH', 'no way leads from the proxy to that address')
  if (reply === 5) return new TargetFault('ECONNREFUSED', 'nothing listens at that address and port')
  if (reply === 6) return new TargetFault('ETIMEDOUT', 'the proxy could not connect to it in time')
  if (reply === 2) return new TargetFault('FORBIDDEN_BY_PROXY', NOT_ALLOWED)
  return new ProxyFault(`the proxy failed to connect (reply ${reply})`)
}
