import { readFileSync } from 'node:fs'
import { type ClientRequest, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '../test/support/server/client.ts'
import { startReceiver } from '../test/support/server/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../test/support/server/server-process.ts'

/**
 * What people who watch cost: CPU time of the server while it takes and delivers messages at a steady rate, without
 * clients and with a thousand. CPU time, and not throughput, since it does not depend on what else the machine does:
 * node bench/sse-clients.ts
 */
const CLIENTS = 1_000
const MESSAGES_A_SECOND = 200
const SECONDS = 10
const TICKS_A_SECOND = 100

/** User and system time so far, in ms (proc(5), fields 14 and 15). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND) * 1_000
}

using folder = makeFolder()
const receiver = await startReceiver()
const env = { DISCUE_DATABASE_URL: `sqlite:${folder.path}/events.db`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }
const server = await startServerProcess(env)
const client = createClient(() => server.url)
const queue = (await client.call('POST', '/queues', { name: 'watched' })).body.queue.id
await client.call('POST', `/queues/${queue}/listeners`, { name: 'one', notify_url: receiver.url })

/** CPU time for each second, and how long the slowest tenth of the posts took. */
async function measure(): Promise<{ cpuMs: number; p90Ms: number }> {
  const before = cpuOf(server.pid)
  const times: number[] = []
  const posts: Promise<void>[] = []
  for (let sent = 0; sent < SECONDS * MESSAGES_A_SECOND; sent++) {
    const start = performance.now()
    const post = client.call('POST', `/queues/${queue}/messages`, { data: '{"order":1}' })
    posts.push(post.then(() => void times.push(performance.now() - start)))
    await pause(1_000 / MESSAGES_A_SECOND)
  }
  await Promise.all(posts)
  const p90Ms = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.9)]!
  return { cpuMs: Math.round((cpuOf(server.pid) - before) / SECONDS), p90Ms: Math.round(p90Ms * 10) / 10 }
}

const clients: ClientRequest[] = []
let received = 0
async function watch(): Promise<void> {
  const headers = { 'x-api-key': TEST_ROOT_KEY }
  await new Promise<void>((resolve, reject) => {
    const request = get(`${server.url}/v1/events/stream`, { headers, agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      response.on('error', () => undefined)
      resolve()
    })
    request.on('error', reject)
    clients.push(request)
  })
}

await measure()
const alone = await measure()
for (let count = 0; count < CLIENTS; count++) await watch()
const watched = await measure()
console.table({ 'no client': alone, [`${CLIENTS} clients`]: watched })
console.log(`${Math.round(received / 1024 / CLIENTS / SECONDS)} KiB a second for each client`)
for (const client of clients) client.destroy()
await server.end('SIGTERM')
await receiver.close()
