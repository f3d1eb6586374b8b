import type { Listener } from '../core/listener.ts'

/** A row of the table as SQLite hands it over. */
export type ListenerRow = Omit<Listener, 'settings'> & { settings: string }

/** The table's columns under the names of `Listener`. */
export function listenerColumns(prefix = ''): string {
  const p = prefix
  return `
    ${p}id, ${p}organization_id as organizationId, ${p}queue_id as queueId, ${p}name, ${p}notify_url as notifyUrl,
    ${p}liveness_url as livenessUrl, ${p}secret, ${p}settings, ${p}created_at as createdAt, ${p}updated_at as updatedAt`
}

export function listenerOf(row: ListenerRow): Listener {
  return { ...row, settings: JSON.parse(row.settings) }
}
