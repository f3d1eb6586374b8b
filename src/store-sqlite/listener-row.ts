import { DEFAULT_SETTINGS, type Listener, withChange } from '../core/delivery/listener.ts'

/** A row of the table as SQLite hands it over. */
export type ListenerRow = Omit<Listener, 'settings' | 'retiredSecrets'> & { settings: string; retiredSecrets: string }

/** The table's columns under the names of `Listener`. */
export function listenerColumns(prefix = ''): string {
  const p = prefix
  return `
    ${p}id, ${p}organization_id as organizationId, ${p}queue_id as queueId, ${p}name, ${p}notify_url as notifyUrl,
    ${p}liveness_url as livenessUrl, ${p}secret, ${p}retired_secrets as retiredSecrets, ${p}settings, ${p}created_at as createdAt,
    ${p}updated_at as updatedAt`
}

/** Settings that came after the row was written have their defaults. */
export function listenerOf(row: ListenerRow): Listener {
  const retiredSecrets = row.retiredSecrets === '[]' ? [] : JSON.parse(row.retiredSecrets)
  return { ...row, retiredSecrets, settings: withChange(DEFAULT_SETTINGS, JSON.parse(row.settings)) }
}

/** Whether a listener takes deliveries now, for a statement that has it as `l`. */
export const LISTENER_ENABLED = `coalesce(l.settings ->> '$.status', 'enabled') = 'enabled'`
