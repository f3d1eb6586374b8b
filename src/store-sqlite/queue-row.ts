import type { Queue } from '../core/delivery/queue.ts'

/** A row of the table as SQLite hands it over. */
export type QueueRow = Omit<Queue, 'schema' | 'paused'> & {
  schema: string | null
  schemaId: string | null
  paused: number
}

/** The table's columns under the names of `QueueRow`. */
export const QUEUE_COLUMNS = `
  id, organization_id as organizationId, name, schema, schema_id as schemaId, paused, version,
  created_at as createdAt, updated_at as updatedAt`

export function queueOf({ schema, schemaId, paused, ...rest }: QueueRow): Queue {
  const known = schema === null || schemaId === null ? null : { id: schemaId, rules: JSON.parse(schema) }
  return { ...rest, schema: known, paused: paused === 1 }
}

/** What the columns `schema`, `schema_id` and `paused` hold of a queue. */
export function queueColumnsOf({ schema, paused }: Pick<Queue, 'schema' | 'paused'>) {
  return [schema === null ? null : JSON.stringify(schema.rules), schema?.id ?? null, paused ? 1 : 0] as const
}
