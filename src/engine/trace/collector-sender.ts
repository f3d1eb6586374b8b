import { parseNetwork } from '../../core/network/address.ts'
import type { Egress } from '../../core/network/egress.ts'
import { ANY_TARGET } from '../../core/network/target.ts'
import type { Runtime } from '../../runtime.ts'
import type { Names } from '../client/names/names.ts'
import { createSender, type Sender } from '../client/sender.ts'

const LOOPBACK = ['127.0.0.0/8', '::1'].map((network) => parseNetwork(network)!)

/**
 * Sends to the collector that the operator names, wherever it is, by the operator's way out. One on this machine is reached
 * without the proxy, for which `localhost` would be another machine.
 */
export function createCollectorSender(runtime: Runtime, way: { egress: Egress | null; names: Names }): Sender {
  const egress = way.egress && { ...way.egress, bypass: withLoopback(way.egress.bypass) }
  return createSender(runtime, ANY_TARGET, { egress, names: way.names })
}

function withLoopback({ all, networks, hosts }: Egress['bypass']): Egress['bypass'] {
  return { all, networks: [...networks, ...LOOPBACK], hosts: [...hosts, { name: 'localhost', port: null }] }
}
