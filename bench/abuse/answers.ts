import type { Socket } from 'node:net'

/** What a hostile receiver does with a connection on which a request has come. */
export type HostileAnswer = (socket: Socket) => void

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNK = 'x'.repeat(64 * 1024)

/** The rest of it again and again, as fast as the other side reads. */
function endlessly(socket: Socket, part: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(part));
  }
  socket.on('drain', more)
  more()
}

function everySecond(socket: Socket, part: string): void {
  const timer = setInterval(() => socket.write(part), 1_000)
  socket.on('close', () => clearInterval(timer))
}

/** By the name of the path that a delivery is sent to. */
export const hostileAnswers: Record<string, HostileAnswer> = {
  hangs: () => undefined,
  'drips a byte a second': (socket) => everySecond(socket, 'H'),
  'drips its body': (socket) => {
    socket.write(`${OK}content-length: 100000\r\n\r\n`)
    everySecond(socket, 'x')
  },
  'endless body': (socket) => {
    socket.write(`${OK}transfer-encoding: chunked\r\n\r\n`)
    endlessly(socket, `${CHUNK.length.toString(16)}\r\n${CHUNK}\r\n`)
  },
  'endless head': (socket) => {
    socket.write(OK)
    endlessly(socket, `x-more: ${'y'.repeat(1_000)}\r\n`)
  },
  'huge head': (socket) => socket.write(`${OK}x-huge: ${'y'.repeat(1024 * 1024)}\r\ncontent-length: 0\r\n\r\n`),
  '1xx for ever': (socket) => endlessly(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'),
  'a field of 16,000 spaces': (socket) =>
    socket.write(`${OK}x-spaces:${' '.repeat(16_000)}\u0001\r\ncontent-length: 0\r\n\r\n`),
  resets: (socket) => socket.resetAndDestroy(),
  redirects: (socket) => socket.write('HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n'),
  garbage: (socket) => socket.write('\u0000\u0001garbage\r\n\r\n'.repeat(100)),
}
