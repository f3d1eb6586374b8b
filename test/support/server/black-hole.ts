import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Accepts nothing: it stands still as soon as it listens. */
const SCRIPT = `
  const server = require('node:net').createServer()
  const [host, port] = process.argv.slice(1)
  server.on('error', () => process.exit(1)).listen({ host, port: Number(port), backlog: 1 }, () => {
    process.stdout.write(server.address().port + '\\n', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
  })`

/** Few systems keep more connections than this for a server that asked for one. */
const MAX_FILLING = 16
const FILL_STEP_MS = 100

/**
 * A port where connections neither come about nor fail, as behind a firewall that drops what it does not like: its queue
 * of connections is full, and nothing takes one out of it.
 */
export async function openBlackHole(host: string, port = 0): Promise<AsyncDisposable & { port: number }> {
  const child = spawn(process.execPath, ['-e', SCRIPT, host, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const filling: Socket[] = []
  const dispose = () => disposeOf(child, filling)
  try {
    while (await fills(filling, host, Number(line))) {
      if (filling.length > MAX_FILLING) throw new Error(`${host} takes any number of connections`)
    }
  } catch (error) {
    await dispose()
    throw error
  }
  return { port: Number(line), [Symbol.asyncDispose]: dispose }
}

/** Whether one more connection still came about. */
async function fills(filling: Socket[], host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port }).on('error', () => {})
  filling.push(socket)
  const connected = once(socket, 'connect').then(() => true)
  const waited = new Promise<boolean>((resolve) => setTimeout(resolve, FILL_STEP_MS, false))
  return Promise.race([connected, waited])
}

async function disposeOf(child: ChildProcess, filling: readonly Socket[]): Promise<void> {
  for (const socket of filling) socket.destroy()
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
