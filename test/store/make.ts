import { DEFAULT_SETTINGS, type Listener } from '../../src/core/delivery/listener.ts'
import type { Message } from '../../src/core/delivery/message.ts'
import type { Queue } from '../../src/core/delivery/queue.ts'
import { makeSecret } from '../../src/core/delivery/signature.ts'
import { createIdFactory } from '../../src/core/id.ts'
import type { Schedule } from '../../src/core/schedule/schedule.ts'
import { type ApiKey, digestOf, makeKeyText, prefixOf } from '../../src/core/tenant/api-key.ts'
import { NO_LIMITS, type Organization } from '../../src/core/tenant/organization.ts'
import { predictableBytes } from '../support/predictable-bytes.ts'

/** The present of every case. */
export const NOW = 1_700_000_000_000
/** What is made came to be before that, each thing a millisecond after the one before it. */
const BEGINNING = NOW - 3_600_000

/** Builds valid things with ids and names of their own; `what` overrides any property. */
export interface Make {
  id(): string
  organization(what?: Partial<Organization>): Organization
  apiKey(organization: { id: string }, what?: Partial<ApiKey>): ApiKey
  ownerKey(organization: { id: string }, what?: Partial<ApiKey>): ApiKey
  queue(organization: { id: string }, what?: Partial<Queue>): Queue
  listener(queue: Queue, what?: Partial<Listener>): Listener
  schedule(queue: Queue, what?: Partial<Schedule>): Schedule
  message(queue: Queue, what?: Partial<Message>): Omit<Message, 'sequence'>
}

/** Everything comes out the same on every run. */
export function createMake(): Make {
  let clock = BEGINNING
  const randomBytes = predictableBytes()
  const newId = createIdFactory({ now: () => clock, randomBytes })
  const fresh = () => {
    clock += 1
    return { id: newId(), createdAt: clock }
  }
  const changeable = () => ({ ...fresh(), updatedAt: clock })
  const named = (noun: string) => ({ ...changeable(), name: `${noun}-${clock - BEGINNING}` })

  const make: Make = {
    id: () => fresh().id,
    organization: (what) => {
      const rules = { root: false, status: 'active', limits: NO_LIMITS } as const
      return { ...named('organization'), ...rules, ...what }
    },
    apiKey(organization, what) {
      const text = makeKeyText(randomBytes)
      const secrets = { digest: digestOf(text), prefix: prefixOf(text) }
      const rights = { status: 'enabled', scopes: null, owner: false, lastUsedAt: null } as const
      return { ...named('key'), organizationId: organization.id, ...secrets, ...rights, ...what }
    },
    ownerKey: (organization, what) => make.apiKey(organization, { owner: true, ...what }),
    queue: (organization, what) => ({
      ...named('queue'),
      organizationId: organization.id,
      schema: null,
      paused: false,
      version: 1,
      ...what,
    }),
    listener(queue, what) {
      const place = { organizationId: queue.organizationId, queueId: queue.id }
      const urls = { notifyUrl: 'http://127.0.0.1:9/notify', livenessUrl: 'http://127.0.0.1:9/alive' }
      const secrets = { secret: makeSecret(randomBytes), retiredSecrets: [] }
      return { ...named('listener'), ...place, ...urls, ...secrets, settings: DEFAULT_SETTINGS, ...what }
    },
    schedule(queue, what) {
      const place = { organizationId: queue.organizationId, queueId: queue.id }
      const when = { timing: { everyMs: 60_000 }, timezone: 'UTC', startsAt: null, endsAt: null } as const
      const rules = { paused: false, catchUp: 'none', overlap: 'allow', jitterMs: 0 } as const
      const rest = {
        data: '{"order":1}',
        messageName: null,
        key: null,
        headers: null,
        mediaType: null,
        expiresInMs: null,
        ...rules,
      } as const
      return { ...named('schedule'), ...place, ...when, ...rest, ...what }
    },
    message(queue, what) {
      const place = { organizationId: queue.organizationId, queueId: queue.id }
      const rest = { name: null, key: null, data: '{"order":1}', expiresAt: null, headers: null, mediaType: null }
      return { ...fresh(), ...place, deliverAt: clock, ...rest, ...what }
    },
  }
  return make
}
