import type { Contender, Inlet } from '../load/contender.ts'
import { here } from '../load/place.ts'
import { measureCost } from '../measure/cost.ts'
import { type MeasuredProcess, startProcess } from '../measure/process.ts'

/** The stateless relay, which forwards to these targets; without any it is a route that stores nothing. */
export async function startRelay(targets: readonly string[]): Promise<{ inlet: Inlet } & AsyncDisposable> {
  const server = startProcess('the relay', [here('relay.ts'), ...targets])
  const cost = measureCost([server])
  const { port } = JSON.parse(await server.firstLine()) as { port: number }
  const dispose = async () => {
    cost[Symbol.dispose]()
    await server.stop()
  }
  return { inlet: inletOf(server, cost, port, targets), [Symbol.asyncDispose]: dispose }
}

function inletOf(server: MeasuredProcess, cost: Contender['cost'], port: number, targets: readonly string[]): Inlet {
  const url = `http://127.0.0.1:${port}/v1/queues/bench/messages`
  return {
    name: 'relay',
    server,
    cost,
    urls: [url],
    batchUrl: `${url}/batch`,
    key: null,
    lanes: targets.length,
    // What it has delivered it has forgotten.
    settled: async () => true,
  }
}
