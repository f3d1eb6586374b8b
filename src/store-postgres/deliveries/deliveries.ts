import type { Runtime } from '../../runtime.ts'
import type { DeliveryStore } from '../../store/deliveries.ts'
import type { NodeFeatures } from '../cluster/node-features.ts'
import { type Clock, forgetNode, renew } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import type { UncertainCommits } from '../commit/uncertain-commits.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Database } from '../connect/transaction.ts'
import { createClaims } from './claims.ts'
import { createDueTimes } from './due-times.ts'
import type { HeldLease, Leases } from './leases.ts'
import type { ListenerOwners } from './listener-owners.ts'

const HAND_BACK = `
  update discue.deliveries d set lease_node = null, lease = null
    from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
           u(organization_id, listener_id, due_at, sequence, lease)
   where d.organization_id = any(array[u.organization_id]) and d.listener_id = u.listener_id and d.due_at = u.due_at
     and d.sequence = u.sequence and d.lease_node = $1 and d.lease = u.lease`

export function createDeliveryStore(
  database: Database,
  backlog: Pick<DeliveryStore, 'backlog' | 'worstListeners'>,
  parts: {
    leases: Leases
    uncertain: UncertainCommits
    owners: ListenerOwners
    clock: Clock
    runtime: Runtime
    publish: Publish
    nodeName: string | null
    nodeFeatures: NodeFeatures
  },
): DeliveryStore {
  const { db } = database
  const { leases, clock, runtime } = parts

  async function giveUp(node: string, held: readonly HeldLease[]): Promise<void> {
    if (held.length > 0) {
      await db.run(HAND_BACK, [
        node,
        texts(held.map(({ message }) => message.organizationId)),
        texts(held.map(({ listenerId }) => listenerId)),
        numbers(held.map(({ dueAt }) => dueAt)),
        numbers(held.map(({ sequence }) => sequence)),
        numbers(held.map(({ number }) => number)),
      ])
    }
    for (const it of held) leases.drop(node, it)
  }

  return {
    ...createClaims(db, parts),
    ...createDueTimes(database, parts),
    ...backlog,
    async renew({ node, until }) {
      const self = { node, name: parts.nodeName }
      const byCaller = clock(until) !== null
      const renewed = byCaller ? renew(db, self, until, 0) : renew(db, self, null, until - runtime.now())
      parts.nodeFeatures.heard(await renewed)
    },
    async handBack({ node, leases: given }) {
      await giveUp(
        node,
        given.flatMap((lease) => leases.find(node, lease) ?? []),
      )
    },
    async release({ node }) {
      await giveUp(node, leases.allOf(node))
      await forgetNode(db, node)
    },
  }
}
