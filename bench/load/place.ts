import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MeasuredProcess } from '../measure/process.ts'

const READY_PATIENCE_MS = 30_000
const POLL_MS = 20

const folders = new Set<string>()
// Also where the run is interrupted. The servers are killed by then; see process.ts.
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A file of this folder. */
export function here(...path: string[]): string {
  return join(import.meta.dirname, ...path)
}

/** A file of the repository. */
export function root(...path: string[]): string {
  return here('..', '..', ...path)
}

/** A folder on the disk of the repository, or in another one, that is gone when this process ends. */
export function createFolder(parent = root('data')): string {
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'bench-'))
  folders.add(folder)
  return folder
}

/** A port that is free when asked; it may not stay so, but the kernel hands these out in turn. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}

/** Resolves when something listens there. Throws where the process ends first, or takes longer than half a minute. */
export async function untilReachable(server: MeasuredProcess, port: number): Promise<void> {
  for (let waited = 0; waited < READY_PATIENCE_MS; waited += POLL_MS) {
    server.mustRun()
    if (await isReachable(port)) return
    await sleep(POLL_MS)
  }
  throw new Error(`nothing listened on port ${port} after ${READY_PATIENCE_MS / 1000} s:\n${server.lastOutput()}`)
}

function isReachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const answer = (reachable: boolean) => {
      socket.destroy()
      resolve(reachable)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}
