import { here } from './place.ts'
import { type MeasuredProcess, startProcess } from './process.ts'

/** A way into a server that is measured: what is posted here shall arrive at the receiver. */
export interface Inlet {
  name: string
  server: MeasuredProcess
  /** Posted to in turns. */
  urls: string[]
  key: string | null
  /** Resolves to true when the server has nothing left to do for what it took, to false where that takes too long. */
  settled(): Promise<boolean>
}

/** The stateless relay, forwarding to `target`. */
export interface Relay extends AsyncDisposable {
  inlet: Inlet
}

/** Starts the relay on a free port. */
export async function startRelay(target: string): Promise<Relay> {
  const server = startProcess('the relay', [here('relay.ts'), '0', target])
  const { port } = JSON.parse(await server.firstLine()) as { port: number }
  const url = `http://127.0.0.1:${port}/v1/queues/bench/messages`
  // What it has delivered it has forgotten.
  const settled = async () => true
  return { inlet: { name: 'relay', server, urls: [url], key: null, settled }, [Symbol.asyncDispose]: server.stop }
}
