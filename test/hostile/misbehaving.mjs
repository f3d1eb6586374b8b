// Loaded into a server before anything of its own (`--import`, in its threads too): it does what MISBEHAVE says once the
// process is told to by SIGUSR2, as a fault of the server itself would.
import { connect, createServer } from 'node:net'
import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads'

const channel = new BroadcastChannel('misbehaving')
channel.unref()

const FAULTS = {
  /** A socket without a listener for errors, whose peer resets the connection. */
  socket() {
    const server = createServer((socket) => setImmediate(() => socket.resetAndDestroy()))
    server.listen(0, '127.0.0.1', () => {
      connect(server.address().port, '127.0.0.1').once('close', () => server.close())
    })
  },
  throws() {
    setImmediate(() => {
      throw new TypeError('a fault of the program')
    })
  },
  rejects() {
    void Promise.reject(new Error('a promise that no caller awaits'))
  },
  thread() {
    channel.postMessage('end')
  },
}

if (isMainThread) process.on('SIGUSR2', () => FAULTS[process.env.MISBEHAVE]())
// The database's thread is given the path of its file; the others are given more.
else if (typeof workerData === 'string') {
  channel.onmessage = () => {
    throw new Error('the database thread fails')
  }
}
