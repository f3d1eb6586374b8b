// The receiver of the measured messages, on bare sockets, so that it costs as little as it can.
//   node bench/load/receiver.ts [port]               (port 0: any free one, printed)
// POST /ok/0, /ok/1 … count, each by itself, and answer 200; /fail answers 500, /hang never answers.
// POST /reset?first=n&count=n&lanes=n starts a round with so many of them; GET /stats tells of it.
import { createServer, type Socket } from 'node:net'
import { createDurations } from '../measure/quantiles.ts'
import { createTally, type Range, sumOf, type Tally } from '../measure/tally.ts'
import { lastsAsLongAsItsParent, printReady } from './child.ts'
import { createFramer } from './framing.ts'

const OK = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
const FAILED = Buffer.from('HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n')

const OK_PATH = 'POST /ok/'

let tallies: Tally[] = []
start({ first: 0, count: 0 }, 1)
const others = { hung: 0, failed: 0, connections: 0 }

const server = createServer({ noDelay: true }, (socket) => {
  others.connections++
  socket.on(
    'data',
    createFramer((head, body) => answer(socket, head, body)),
  )
  socket.on('error', () => socket.destroy())
})
server.listen(Number(process.argv[2] ?? '0'), '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the receiver listens on no port')
  lastsAsLongAsItsParent()
  printReady(address.port)
})

function start(range: Range, lanes: number): void {
  const durations = createDurations()
  tallies = Array.from({ length: lanes }, () => createTally(range, durations))
}

function answer(socket: Socket, head: string, body: Buffer): void {
  if (head.startsWith(OK_PATH)) {
    const lane = head.slice(OK_PATH.length, head.indexOf(' ', OK_PATH.length))
    tallies[Number(lane)]!.take(body)
    socket.write(OK)
  } else if (head.startsWith('POST /hang ')) {
    others.hung++
  } else if (head.startsWith('POST /fail ')) {
    others.failed++
    socket.write(FAILED)
  } else control(socket, head)
}

function control(socket: Socket, head: string): void {
  const [method, target = ''] = head.split(' ', 2)
  const url = new URL(target, 'http://receiver')
  if (method === 'POST' && url.pathname === '/reset') {
    const { first, count, lanes } = Object.fromEntries(url.searchParams)
    start({ first: Number(first), count: Number(count) }, Number(lanes))
    Object.assign(others, { hung: 0, failed: 0 })
    socket.write(OK)
  } else if (method === 'GET' && url.pathname === '/stats') {
    const text = JSON.stringify({ ...sumOf(tallies), ...others })
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`)
  } else socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
}
