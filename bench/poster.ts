import { connect, type Socket } from 'node:net'
import { createFramer } from './framing.ts'
import { requestBody, stamp } from './payload.ts'

/** Where to post (in turns, by the sequence number), as whom, and how large each message's data is. */
export interface PostTarget {
  /** All of one server. */
  urls: [URL, ...URL[]]
  key: string | null
  dataBytes: number
}

/** A status of HTTP, or what went wrong before there was one. */
export type Outcome = number | 'connection' | 'timeout'

/** One keep-alive connection that posts one message at a time. */
export interface Poster {
  /** `intendedAt` in microseconds of the monotonic clock. */
  post(sequence: number, intendedAt: number): void
  close(): void
}

const ANSWER_TIMEOUT_MS = 30_000

/** Resolves when connected. `answered` is called once for each `post`, with the `intendedAt` that it was given. */
export async function openPoster(
  target: PostTarget,
  answered: (poster: Poster, outcome: Outcome, intendedAt: number) => void,
): Promise<Poster> {
  const requests = target.urls.map((url) => createRequest(url, target))
  let pendingSince: number | null = null

  const settle = (outcome: Outcome) => {
    if (pendingSince === null) return
    const intendedAt = pendingSince
    pendingSince = null
    answered(poster, outcome, intendedAt)
  }
  // What a connection says after it was replaced is about a message that was already judged.
  const open = () => openSocket(target.urls[0], (from, outcome) => from === socket && settle(outcome))
  let socket = open()

  const poster: Poster = {
    post(sequence, intendedAt) {
      pendingSince = intendedAt
      if (socket.destroyed || socket.writableEnded || socket.readableEnded) socket = open()
      // The buffer is reused, which is safe: the answer to the last use has come.
      socket.write(requests[sequence % requests.length]!.stamped(sequence, intendedAt))
    },
    close: () => socket.destroy(),
  }
  await connected(socket)
  return poster
}

function openSocket(url: URL, ended: (socket: Socket, outcome: Outcome) => void): Socket {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
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
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
}

function createRequest(url: URL, { key, dataBytes }: PostTarget) {
  const { body, sequenceAt, sentAtAt } = requestBody(dataBytes)
  const lines = [`POST ${url.pathname} HTTP/1.1`, `host: ${url.host}`, 'content-type: application/json']
  if (key !== null) lines.push(`x-api-key: ${key}`)
  const head = `${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n`
  const bytes = Buffer.from(head + body)
  function stamped(sequence: number, sentAt: number): Buffer {
    stamp(bytes, head.length + sequenceAt, sequence)
    stamp(bytes, head.length + sentAtAt, sentAt)
    return bytes
  }
  return { stamped }
}
