import type { Discue } from '../load/discue.ts'

/** An organization of a server that is measured, and what its key may do. */
export interface Tenant {
  origin: string
  key: string
  /** Answers with the body. Throws where the status is another than 200. */
  call(method: string, path: string, body?: object): Promise<Answer>
}

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, read once
type Answer = any

/** Makes an organization. */
export async function createTenant(discue: Discue, name: string): Promise<Tenant> {
  const { api_key } = (await discue.post('/api_clients', { name })) as { api_key: { key?: string } | string }
  const key = typeof api_key === 'string' ? api_key : api_key.key!
  return tenantOf(new URL(discue.inlet('', 'x').urls[0]!).origin, key)
}

/** An organization by its key. */
export function tenantOf(origin: string, key: string): Tenant {
  return {
    origin,
    key,
    async call(method, path, body) {
      const headers = { 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) }
      const answer = await fetch(`${origin}/v1${path}`, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      if (answer.status !== 200) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
      return JSON.parse(text)
    },
  }
}

/** A queue of the tenant, with so many listeners. */
export async function createQueue(
  tenant: Tenant,
  name: string,
  listeners: { count: number; with: object | ((n: number) => object) } = { count: 0, with: {} },
): Promise<{ id: string; listenerIds: string[] }> {
  const { queue } = await tenant.call('POST', '/queues', { name })
  const settingsOf = (n: number) => (typeof listeners.with === 'function' ? listeners.with(n) : listeners.with)
  const listenerIds: string[] = []
  for (let made = 0; made < listeners.count; made += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, listeners.count - made) }, (_, n) =>
      tenant.call('POST', `/queues/${queue.id}/listeners`, { name: `l-${made + n}`, ...settingsOf(made + n) }),
    )
    for (const { listener } of await Promise.all(some)) listenerIds.push(listener.id)
  }
  return { id: queue.id, listenerIds }
}

const AT_ONCE = 16
