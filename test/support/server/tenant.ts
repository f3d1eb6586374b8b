import assert from 'node:assert/strict'
import type { Description, Operation } from '../source/description.ts'
import type { Json, TestApi } from './api.ts'

/** An organization that has one of everything that the description knows how to make. */
export interface Tenant {
  key: string
  /** By the name of the path parameter, such as `queue_id`. */
  ids: Record<string, string>
}

/**
 * Creates one of everything, by the operations that the server describes and their own examples: `POST …/things` for
 * the `{thing_id}` of `…/things/{thing_id}` (and `POST …/redeliver` for that of a redelivery, `POST …/messages/discard` for that of a discard). Every text that can be chosen holds `marker`. `known` are ids of what no
 * operation makes.
 */
export async function plant(
  api: TestApi,
  { operations }: Description,
  { key, marker, known }: { key: string; marker: string; known: Record<string, string> },
): Promise<Tenant> {
  const ids = { ...known }
  // A path is as long as it has parents, so that these come first.
  const paths = [...new Set(operations.map(({ path }) => path))].toSorted((a, b) => a.length - b.length)
  for (const path of paths) {
    const name = /^(.*)\/\{(\w+)\}$/.exec(path)
    if (name === null || ids[name[2]!] !== undefined) continue
    if (name[2] === 'schema_id') {
      ids.schema_id = await schemaIdOf(api, ids.queue_id!, key)
      continue
    }
    const madeBy = name[1]!.replace(/\/redeliveries$/, '/redeliver').replace(/\/discards$/, '/messages/discard')
    const create = operations.find((operation) => operation.method === 'POST' && operation.path === madeBy)
    // What is read by a short path may be made by a longer one.
    const ending = path.replace(/^\/v\d+/, '')
    if (create === undefined && paths.some((other) => other !== path && other.endsWith(ending))) continue
    assert.ok(create, `nothing makes a {${name[2]}}: say in test/support/server/tenant.ts how to get one`)
    ids[name[2]!] = await make(api, create, { key, marker, ids })
  }
  return { key, ids }
}

async function make(api: TestApi, create: Operation, { key, marker, ids }: Tenant & { marker: string }) {
  const body = marked(create.body?.example, marker)
  const answer = await api.call('POST', fill(create.path, ids), body, key)
  assert.equal(answer.status, 200, `${create.operationId}: ${JSON.stringify(answer.body)}`)
  return idIn(answer.body)
}

/** A schema is made with its queue, which links to it. */
async function schemaIdOf(api: TestApi, queueId: string, key: string): Promise<string> {
  const { body } = await api.call('GET', `/v1/queues/${queueId}`, undefined, key)
  return body._links.schema.href.split('/').at(-1)
}

/** What was made is named by the answer itself, or by what the answer wraps. */
export function idIn(body: Json): string {
  const wrapped = Object.entries<Json>(body).find(([name, value]) => !name.startsWith('_') && value?.id)
  return body.id ?? wrapped?.[1].id
}

function marked(example: unknown, marker: string): unknown {
  // An id of an example is that of nothing here.
  const own = Object.entries((example ?? {}) as Json).filter(([name]) => !name.endsWith('_id'))
  const texts = own.map(([name, value]) => {
    if (name === 'name') return [name, marker]
    if (name === 'data') return [name, JSON.stringify({ order: 1, note: marker })]
    // So that two organizations do not have the same schema, which has the same id wherever it is.
    if (name === 'schema') return [name, { ...(value as Json), [marker]: { type: 'string', required: false } }]
    if (name === 'paused') return [name, false]
    return [name, typeof value === 'string' && /^https?:/.test(value) ? `https://${marker}.example.com/` : value]
  })
  return example === undefined ? undefined : Object.fromEntries(texts)
}

/** A path with its parameters filled in. */
export function fill(path: string, ids: Record<string, string>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'missing')
}

/** The parameters of a path, the outermost first. */
export function paramsOf(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
}
