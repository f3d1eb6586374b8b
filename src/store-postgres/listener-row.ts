import { DEFAULT_SETTINGS, type Listener, type SettingsChange, withChange } from '../core/delivery/listener.ts'

/** A row of the table as PostgreSQL hands it over. */
export type ListenerRow = Omit<Listener, 'settings'> & { settings: SettingsChange }

/** The table's columns under the names of `Listener`. */
export const LISTENER_COLUMNS = `
  id, organization_id as "organizationId", queue_id as "queueId", name, notify_url as "notifyUrl",
  liveness_url as "livenessUrl", secret, retired_secrets as "retiredSecrets", settings, created_at as "createdAt", updated_at as "updatedAt"`

/** Settings that came after the row was written have their defaults. */
export function listenerOf(row: ListenerRow): Listener {
  return { ...row, settings: withChange(DEFAULT_SETTINGS, row.settings) }
}

/** Whether a listener takes deliveries now, for a statement that has it as `l`. */
export const LISTENER_ENABLED = `coalesce(l.settings ->> 'status', 'enabled') = 'enabled'`
