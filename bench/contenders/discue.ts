import { type Contender, type HeldInlet, type Inlet, Missing } from '../load/contender.ts'
import { type Discue, startDiscue } from '../load/discue.ts'
import type { MeasuredProcess } from '../measure/process.ts'

/** Queues are made this many at a time. */
const AT_ONCE = 32

/** discue as a contender: on SQLite, or on the PostgreSQL that is handed in. */
export async function startDiscueContender(
  name: string,
  postgres?: { process: MeasuredProcess; url: string },
): Promise<Contender> {
  const discue = await startDiscue({ postgres }).catch(refusalOf)
  return {
    name,
    server: discue.server,
    cost: discue.cost,
    async open({ targets, queues = 1 }): Promise<Inlet> {
      const queueIds: string[] = []
      while (queueIds.length < queues) {
        const some = Array.from({ length: Math.min(AT_ONCE, queues - queueIds.length) }, (_, n) => queueIds.length + n)
        queueIds.push(...(await Promise.all(some.map((n) => addQueue(discue, { name: `bench-${n}`, targets })))))
      }
      return discue.inlet(name, queueIds, { lanes: targets.length })
    },
    async hold({ targets }): Promise<HeldInlet> {
      const queueId = await addQueue(discue, { name: 'held', targets, paused: true })
      return {
        ...discue.inlet(name, queueId, { lanes: targets.length }),
        pending: () => discue.pendingCount(queueId),
        release: () => discue.resume(queueId),
      }
    },
    [Symbol.asyncDispose]: () => discue[Symbol.asyncDispose](),
  }
}

/** A version without a store for the database says so at its start. */
function refusalOf(error: unknown): never {
  if (!/DISCUE_DATABASE_URL must be/.test(String(error))) throw error
  throw new Missing('this version of discue has no store on PostgreSQL')
}

async function addQueue(
  discue: Discue,
  { name, targets, paused = false }: { name: string; targets: readonly string[]; paused?: boolean },
): Promise<string> {
  const queueId = await discue.createQueue(name, { paused })
  for (const [place, target] of targets.entries()) {
    await discue.addListener(queueId, { name: `receiver-${place}`, notify_url: target })
  }
  return queueId
}
