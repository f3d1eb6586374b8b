import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** What a name server says of a name and a type of record. */
export type DnsReply =
  | { addresses: readonly string[]; ttl?: number }
  /** Nothing at all. */
  | 'silent'
  | 'nxdomain'
  /** The name exists, but has nothing of this type. */
  | 'nodata'
  | 'servfail'
  | 'refused'

/** One question that came. */
export interface DnsQuestion {
  name: string
  type: 'A' | 'AAAA' | 'other'
  over: 'udp' | 'tcp'
}

/** A name server on loopback that answers as it is told, over UDP and TCP. */
export interface DnsServer extends AsyncDisposable {
  /** As `DISCUE_DNS_SERVERS` has it. */
  address: string
  asked: DnsQuestion[]
  /** How it answers from now on. Of an answer's addresses it tells those of the type that was asked for. */
  answer: (question: DnsQuestion) => DnsReply | Promise<DnsReply>
  /** Answers over UDP say that they do not fit, so that it is asked over TCP. */
  truncates: boolean
}

const TYPES: Readonly<Record<number, DnsQuestion['type']>> = { 1: 'A', 28: 'AAAA' }
const CODES = { nxdomain: 3, nodata: 0, servfail: 2, refused: 5 } as const
const HEADER_BYTES = 12
const [IS_ANSWER, IS_TRUNCATED, RECURSION] = [0x8000, 0x0200, 0x0180]
const MAX_TRIES = 20

export async function startDnsServer(answer: DnsServer['answer'], host = '127.0.0.1'): Promise<DnsServer> {
  const { tcp, udp, port } = await bindBoth(host)
  const sockets = new Set<Socket>()
  const server: DnsServer = {
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    asked: [],
    answer,
    truncates: false,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      tcp.close()
      udp.close()
      await once(udp, 'close')
    },
  }

  async function reply(query: Buffer, over: DnsQuestion['over']): Promise<Buffer | null> {
    const { question, end } = questionIn(query, over)
    server.asked.push(question)
    if (over === 'udp' && server.truncates) return message(query, end, { flags: IS_TRUNCATED, records: [] })
    const said = await server.answer(question)
    if (said === 'silent') return null
    if (typeof said === 'string') return message(query, end, { flags: CODES[said], records: [] })
    const ofType = said.addresses.filter((address) => address.includes(':') === (question.type === 'AAAA'))
    return message(query, end, { flags: 0, records: ofType.map((address) => record(address, said.ttl ?? 60)) })
  }

  udp.on('message', async (query, { port: from, address }) => {
    const answered = await reply(query, 'udp')
    // A test may have ended meanwhile.
    if (answered !== null) udp.send(answered, from, address, () => {})
  })
  tcp.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    let bytes = Buffer.alloc(0)
    socket.on('data', async (more: Buffer) => {
      bytes = Buffer.concat([bytes, more])
      while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
        const query = bytes.subarray(2, 2 + bytes.readUInt16BE(0))
        bytes = bytes.subarray(2 + query.length)
        const answered = await reply(query, 'tcp')
        if (answered !== null) socket.write(Buffer.concat([uint16(answered.length), answered]))
      }
    })
  })
  return server
}

/** One port for both, which has to be free for both. */
async function bindBoth(host: string) {
  for (let tries = 0; ; tries++) {
    const tcp = createServer().listen(0, host)
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const bound = Promise.withResolvers<boolean>()
    udp.once('error', () => bound.resolve(false)).bind(port, host, () => bound.resolve(true))
    if (await bound.promise) return { tcp, udp, port }
    tcp.close()
    if (tries >= MAX_TRIES) throw new Error('no port is free for both UDP and TCP')
  }
}

/** The first question of a query, and where it ends (RFC 1035, section 4.1.2). */
function questionIn(query: Buffer, over: DnsQuestion['over']): { question: DnsQuestion; end: number } {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = TYPES[query.readUInt16BE(at + 1)] ?? 'other'
  return { question: { name: labels.join('.').toLowerCase(), type, over }, end: at + 5 }
}

function message(query: Buffer, end: number, { flags, records }: { flags: number; records: Buffer[] }): Buffer {
  const header = Buffer.concat([
    query.subarray(0, 2),
    ...[IS_ANSWER | RECURSION | flags, 1, records.length, 0, 0].map(uint16),
  ])
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...records])
}

/** Of the name that was asked for: a pointer to it. */
function record(address: string, ttl: number): Buffer {
  const data = address.includes(':') ? ipv6Bytes(address) : Buffer.from(address.split('.').map(Number))
  const type = data.length === 4 ? 1 : 28
  const head = Buffer.concat([
    uint16(0xc000 | HEADER_BYTES),
    uint16(type),
    uint16(1),
    uint16(ttl >> 16),
    uint16(ttl & 0xffff),
  ])
  return Buffer.concat([head, uint16(data.length), data])
}

function ipv6Bytes(address: string): Buffer {
  const [before = '', after] = address.split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const [head, tail] = [groups(before), groups(after ?? '')]
  const all = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  return Buffer.concat(all.map((group) => uint16(Number.parseInt(group, 16))))
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
