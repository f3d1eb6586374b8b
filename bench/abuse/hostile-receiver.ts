// A receiver that does with every request what its path says; see answers.ts.
//   node bench/abuse/hostile-receiver.ts               (a free port, printed)
//   node bench/abuse/hostile-receiver.ts never-accepts  (its kernel takes two connections, and it none)
import { createServer } from 'node:net'
import { setPriority } from 'node:os'
import { lastsAsLongAsItsParent, printReady } from '../load/child.ts'
import { hostileAnswers } from './answers.ts'

/** Where its parent is gone without a word. */
const LONGEST_MS = 600_000
const neverAccepts = process.argv[2] === 'never-accepts'

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes: Buffer) => {
    const path = /^\w+ \/(\S+) HTTP/.exec(bytes.toString('latin1', 0, 200))?.[1]
    // What comes in pieces is judged by its first one.
    if (path !== undefined) hostileAnswers[decodeURIComponent(path)]?.(socket)
  })
})
// What other tenants pay for its answers is measured, and not what it takes of the processor.
setPriority(19)
server.listen({ port: 0, host: '127.0.0.1', ...(neverAccepts && { backlog: 1 }) }, () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the receiver listens on no port')
  printReady(address.port)
  if (neverAccepts) sleepForGood()
  else lastsAsLongAsItsParent()
})

/** After the line is out. The thread stands still, so that nothing is accepted any more. */
function sleepForGood(): void {
  setTimeout(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONGEST_MS)
    process.exit(0)
  }, 100)
}
