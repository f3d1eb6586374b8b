import { existsSync } from 'node:fs'
import type { Contender, HeldInlet, Inlet } from '../load/contender.ts'
import { untilNonePending } from '../load/contender.ts'
import { here } from '../load/place.ts'
import { measureCost } from '../measure/cost.ts'
import { type MeasuredProcess, startProcess } from '../measure/process.ts'
import { installPeers } from './installed-peers.ts'

/** Another project's job queue, behind the same route as the relay, with what it stores its jobs in. */
export async function startPeer(
  name: string,
  { script, args, database }: { script: string; args: string[]; database: MeasuredProcess },
): Promise<Contender> {
  installPeers()
  const file = here('..', 'peers', script)
  if (!existsSync(file)) throw new Error(`${file} is not there`)
  const server = startProcess(name, [file, ...args])
  const cost = measureCost([server, database])
  const { port } = JSON.parse(await server.firstLine()) as { port: number }
  const origin = `http://127.0.0.1:${port}`

  async function control(path: string, body?: object): Promise<unknown> {
    server.mustRun()
    database.mustRun()
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${origin}${path}`, body && { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${name}: ${path} answered ${answer.status}: ${await answer.text()}`)
    return await answer.json()
  }
  const pending = async () => ((await control('/pending')) as { pending: number }).pending
  const url = `${origin}/v1/queues/bench/messages`
  const inlet = (lanes: number): Inlet => ({
    name,
    server,
    cost,
    urls: [url],
    batchUrl: `${url}/batch`,
    key: null,
    lanes,
    settled: () => untilNonePending(pending),
  })
  return {
    name,
    server,
    cost,
    // One queue of theirs stands for however many of ours: a worker for each would cost them more than it brings.
    async open({ targets }) {
      await control('/targets', { targets })
      await control('/work', {})
      return inlet(targets.length)
    },
    async hold({ targets }): Promise<HeldInlet> {
      await control('/targets', { targets })
      return { ...inlet(targets.length), pending, release: async () => void (await control('/work', {})) }
    },
    async [Symbol.asyncDispose]() {
      cost[Symbol.dispose]()
      await server.stop()
      await database.stop()
    },
  }
}
