import type { Resource } from '../../core/tenant/api-key.ts'
import type { Node } from './node.ts'

/** What the groups of operations are about: one for each resource of the scopes, and what needs no key. */
const TAGS: Record<Resource | 'server' | 'webhooks' | 'v2', string> = {
  queues: 'Where messages are put, and from where listeners get them',
  listeners: 'Who gets the messages of a queue, and where',
  messages: 'What is put on a queue and carried to its listeners',
  schedules: 'Messages that are made at due times',
  schemas: 'What the messages of a queue must look like',
  events: 'What happened in the past 24 hours',
  stats: 'Counts of it',
  api_keys: 'Who may use the API, and for what',
  api_clients: 'Organizations: each has its own keys, queues and all that is in them',
  subscriptions: 'Reserved',
  domains: 'Where deliveries may go',
  v2: 'The dialect of the Terraform provider: keys, queues, listeners and domains in its words',
  channels: 'Reserved',
  topics: 'Reserved',
  webhooks: 'What the server sends to listeners',
  server: 'The server itself; no key needed',
}

/** The groups that the operations name, in the order above. */
export function tagsOf(operations: readonly Node[]): Node[] {
  const used = new Set(operations.flatMap((operation) => operation.tags as string[]))
  const known = Object.entries(TAGS).filter(([name]) => used.delete(name))
  return [...known, ...[...used].map((name) => [name, name])].map(([name, description]) => ({ name, description }))
}
