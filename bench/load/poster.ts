import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { createFramer } from './framing.ts'
import { requestBody, stamp } from './payload.ts'

/** What a post is like beside its message: `forwarded` as by a proxy, `later` over a connection that has asked for something else. */
export const SHAPES = ['plain', 'forwarded', 'later'] as const
export type Shape = (typeof SHAPES)[number]

/** Where to post, as whom, and how large each message's data is. */
export interface PostTarget {
  /** All of one server, with paths of one length; messages go to them in turns. */
  urls: readonly URL[]
  key: string | null
  dataBytes: number
  /** Messages in one request; null for one that is no batch. */
  batch: number | null
  shape: Shape
}

/** A status of HTTP, or what went wrong before there was one. */
export type Outcome = number | 'connection' | 'timeout'

/** One keep-alive connection that posts one request at a time. */
export interface Poster {
  /** `sequence` is that of the first message; `intendedAt` in microseconds of the monotonic clock. */
  post(sequence: number, intendedAt: number): void
  close(): void
}

const ANSWER_TIMEOUT_MS = 30_000

/** Resolves when connected. `answered` is called once for each `post`, with the `intendedAt` that it was given. */
export async function openPoster(
  target: PostTarget,
  answered: (poster: Poster, outcome: Outcome, intendedAt: number) => void,
): Promise<Poster> {
  const request = createRequest(target)
  let pendingSince: number | null = null

  const settle = (outcome: Outcome) => {
    if (pendingSince === null) return
    const intendedAt = pendingSince
    pendingSince = null
    answered(poster, outcome, intendedAt)
  }
  // What a connection says after it was replaced is about a message that was already judged.
  const open = () => openSocket(target.urls[0]!, (from, outcome) => from === socket && settle(outcome))
  let socket = open()

  const poster: Poster = {
    post(sequence, intendedAt) {
      pendingSince = intendedAt
      if (socket.destroyed || socket.writableEnded || socket.readableEnded) socket = open()
      // The buffer is reused, which is safe: the answer to the last use has come.
      socket.write(request.stamped(sequence, intendedAt))
    },
    close: () => socket.destroy(),
  }
  await connected(socket)
  if (target.shape === 'later') await askSomethingElse(socket, target.urls[0]!)
  return poster
}

function openSocket(url: URL, ended: (socket: Socket, outcome: Outcome) => void): Socket {
  const place = { host: url.hostname, port: Number(url.port), noDelay: true }
  // What is measured is this machine's own, with a certificate that it has just made.
  const socket = url.protocol === 'https:' ? connectSecurely({ ...place, rejectUnauthorized: false }) : connect(place)
  socket.setTimeout(ANSWER_TIMEOUT_MS)
  // "HTTP/1.1 200": the status is in a fixed place.
  const read = createFramer((head) => ended(socket, Number(head.slice(9, 12))))
  socket.on('data', read)
  socket.on('timeout', () => {
    socket.destroy()
    ended(socket, 'timeout')
  })
  socket.on('error', () => {})
  socket.on('close', () => ended(socket, 'connection'))
  return socket
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', resolve)
    socket.once('error', reject)
  })
}

async function askSomethingElse(socket: Socket, url: URL): Promise<void> {
  socket.write(`GET /health/ready HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`)
  await once(socket, 'data')
}

const METHOD = 'POST '
/** As nginx adds them. */
const FORWARDED = ['x-real-ip: 192.0.2.7', 'x-forwarded-for: 192.0.2.7', 'x-forwarded-proto: https']

function createRequest({ urls, key, dataBytes, batch, shape }: PostTarget) {
  const [url, ...others] = urls
  if (url === undefined || others.some(({ pathname }) => pathname.length !== url.pathname.length)) {
    throw new Error('paths of one length, please: they are written into one buffer in turns')
  }
  const { body, places } = requestBody(dataBytes, batch)
  const lines = [`${METHOD}${url.pathname} HTTP/1.1`, `host: ${url.host}`, 'content-type: application/json']
  if (shape === 'forwarded') lines.push(...FORWARDED)
  if (key !== null) lines.push(`x-api-key: ${key}`)
  const head = `${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n`
  const bytes = Buffer.from(head + body)
  function stamped(sequence: number, sentAt: number): Buffer {
    if (others.length > 0) bytes.write(urls[sequence % urls.length]!.pathname, METHOD.length, 'latin1')
    for (const [index, { sequenceAt, sentAtAt }] of places.entries()) {
      stamp(bytes, head.length + sequenceAt, sequence + index)
      stamp(bytes, head.length + sentAtAt, sentAt)
    }
    return bytes
  }
  return { stamped }
}
