import { DatabaseSync } from 'node:sqlite'
import type { ViolationKind } from '../../torture/judge/evidence.ts'
import type { FaultWeights } from '../../torture/plan/plan.ts'
import type { CampaignRecord } from '../../torture/record/record.ts'
import type { Plant } from '../../torture/run/campaign.ts'
import type { ApiAnswer, ApiRequest, Transport } from '../../torture/run/transport.ts'
import type { Disk } from '../../torture/servers/disk.ts'

/** A fault that lies between the torture and the servers, where these cannot know of it. */
export interface PlantedFault {
  what: string
  /** By which of the violations it must be found. */
  found: ViolationKind
  /** Made anew for each campaign; `database` is the file, and `disk` what it lies on, where that can fail. */
  plant(servers: { database: string; disk: Disk | null }): Plant
  /** The faults of the campaign, where it must be certain ones. */
  weights?: FaultWeights
}

/** How often a fault strikes: every so manyth time that it could. */
const EVERY = 7
/** So many requests pass first. */
const FIRST = 10

function sometimes(): () => boolean {
  let count = 0
  return () => ++count > FIRST && count % EVERY === 0
}

const isPost = ({ method, path }: ApiRequest) => method === 'POST' && path.endsWith('/messages')
const isBatch = ({ method, path }: ApiRequest) => method === 'POST' && path.endsWith('/batch')
const LOST: ApiAnswer = { status: 0, body: {}, verdict: 'unknown' }

/** Between client and server: does something else with some of the requests that fit. */
function between(
  fits: (request: ApiRequest) => boolean,
  instead: (real: Transport, node: number, request: ApiRequest, record: CampaignRecord) => Promise<ApiAnswer>,
): Plant {
  const strikes = sometimes()
  return {
    transport:
      (real, { record }) =>
      (node, request) =>
        fits(request) && strikes() ? instead(real, node, request, record) : real(node, request),
  }
}

function onTheWay(handling: 'swallow' | 'twice' | 'late', fits: (sequence: number | null) => boolean): Plant {
  const strikes = sometimes()
  return { onTheWay: ({ sequence }) => (fits(sequence) && strikes() ? handling : 'pass') }
}

let forged = 0

export const PLANTED: PlantedFault[] = [
  {
    what: 'an acknowledged message is lost',
    found: 'lost',
    plant: () =>
      between(isPost, async () => {
        const id = `forged${String(++forged).padStart(15, '0')}`
        return { status: 200, body: { message: { id } }, verdict: 'accepted' }
      }),
  },
  {
    what: 'a refused message is delivered',
    found: 'refused, but there',
    plant: () =>
      between(isPost, async (real, node, request) => {
        await real(node, request)
        return { status: 503, body: { detail: 'nothing was stored' }, verdict: 'refused' }
      }),
  },
  {
    what: 'a batch is stored by half',
    found: 'half a batch',
    plant: () =>
      between(isBatch, async (real, node, request) => {
        const { messages } = request.body as { messages: unknown[] }
        await real(node, { ...request, body: { messages: messages.slice(0, Math.ceil(messages.length / 2)) } })
        return LOST
      }),
  },
  {
    what: 'a request that is sent again with its Idempotency-Key is stored twice',
    found: 'stored twice',
    plant: () =>
      between(
        (request) => isPost(request) && request.idempotencyKey !== undefined,
        async (real, node, { idempotencyKey: _, ...request }) => {
          await real(node, request)
          return LOST
        },
      ),
  },
  {
    what: 'a due time makes two messages',
    found: 'due time twice',
    plant: () =>
      between(isPost, async (real, node, request, record) => {
        const [schedule] = record.schedules
        const { queues } = (await real(node, { method: 'GET', path: '/queues?_embed=true' })).body._embedded ?? {}
        const timed = (queues ?? []).find(({ name }: { name: string }) => name === 'timed')
        const data = JSON.stringify({ t: schedule!.token })
        if (timed) await real(node, { method: 'POST', path: `/queues/${timed.id}/messages`, body: { data } })
        return real(node, request)
      }),
  },
  {
    what: 'a listener is left out',
    found: 'never arrived',
    plant: () => onTheWay('swallow', (sequence) => sequence === null),
  },
  {
    what: 'a message comes twice without a cause',
    found: 'came again without a cause',
    plant: () => onTheWay('twice', (sequence) => sequence === null),
  },
  {
    what: 'an order is broken',
    found: 'out of order',
    plant: () => onTheWay('late', (sequence) => sequence !== null),
  },
  {
    what: 'what became of a delivery is gone from the ledger',
    found: 'ledger',
    plant: ({ database: path }) => ({
      afterEnd() {
        const database = new DatabaseSync(path)
        database.exec('delete from attempts where sequence = (select max(sequence) from attempts)')
        database.close()
      },
    }),
  },
  {
    what: 'a disk says that it has synced what it has not, and loses it when the power fails',
    found: 'lost',
    weights: { 'power cut': 1 },
    // Not before some posts: what the campaign itself needs is to outlive it.
    plant: ({ disk }) =>
      between(isPost, (real, node, request) => {
        disk!.set('lying')
        return real(node, request)
      }),
  },
]
