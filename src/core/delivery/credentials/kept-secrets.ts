import type { Fault } from '../../problem.ts'
import type { DeliverySettings, SettingsChange } from '../listener.ts'
import { SECRET_NAMES } from './listener-auth.ts'

/** The URLs that a listener's secrets are sent to. */
interface Urls {
  notifyUrl: string | null
  livenessUrl: string | null
}

/** What a listener has, as far as secrets go. */
interface Holder extends Urls {
  settings: Pick<DeliverySettings, 'headers' | 'auth' | 'tls'>
}

/** What a client changes; a URL of undefined stays as it is. */
interface Change {
  notifyUrl?: string | null | undefined
  livenessUrl?: string | null | undefined
  settings: Pick<SettingsChange, 'headers' | 'auth' | 'tls'>
}

/**
 * Whether a change has the listener's secrets sent to another origin than those that it has. A listener that pulls has none,
 * so that taking the URL away first opens no way around.
 */
export function leadsElsewhere(current: Urls, change: Omit<Change, 'settings'>): boolean {
  return notifiesElsewhere(current, change) || asksElsewhere(current, change)
}

function notifiesElsewhere({ notifyUrl }: Urls, change: Omit<Change, 'settings'>): boolean {
  return isElsewhere(change.notifyUrl, [notifyUrl])
}

function asksElsewhere({ notifyUrl, livenessUrl }: Urls, change: Omit<Change, 'settings'>): boolean {
  return isElsewhere(change.livenessUrl, [notifyUrl, livenessUrl])
}

function isElsewhere(url: string | null | undefined, known: readonly (string | null)[]): boolean {
  if (url === undefined || url === null) return false
  const origins = known.filter((one) => one !== null).map(originOf)
  return !origins.includes(originOf(url))
}

function originOf(url: string): string {
  return new URL(url).origin
}

/**
 * The stored secrets that a change would have sent to another origin than the one that they were set for, as faults of the
 * body. A client that may change listeners, and never saw their secrets, could read them there: by a server of its own.
 */
export function keptSecretFaults(current: Holder, change: Change): Fault[] {
  const { headers, auth, tls } = current.settings
  const faults: Fault[] = []
  const notifies = notifiesElsewhere(current, change)
  if (notifies && auth !== null && keeps(change.settings.auth, ({ secret }) => secret === null)) {
    const secret = SECRET_NAMES[auth.type]
    faults.push({ path: `/auth/${secret}`, message: why('notify_url', 'auth', secret) })
  }
  const names = notifies ? Object.keys(headers) : []
  const kept = names.filter((name) => keepsHeader(change.settings.headers, name))
  if (kept.length > 0) faults.push({ path: '/headers', message: why('notify_url', 'headers', 'the values themselves') })
  const asks = notifies ? 'notify_url' : asksElsewhere(current, change) ? 'liveness_url' : null
  if (asks !== null && tls?.key != null && keeps(change.settings.tls, ({ key }) => key === undefined)) {
    faults.push({ path: '/tls/key', message: why(asks, 'tls', 'key') })
  }
  return faults
}

/** Whether what is stored stays: it is not named, or is named with the word for what is stored. */
function keeps<Sent>(sent: Sent | null | undefined, isKept: (sent: Sent) => boolean): boolean {
  return sent === undefined || (sent !== null && isKept(sent))
}

function keepsHeader(sent: SettingsChange['headers'], name: string): boolean {
  if (sent === undefined) return true
  const lower = name.toLowerCase()
  return Object.entries(sent).some(([other, value]) => value === null && other.toLowerCase() === lower)
}

function why(url: string, property: 'auth' | 'headers' | 'tls', secret: string): string {
  const without = property === 'headers' ? '{}' : 'null'
  const what = property === 'headers' ? secret : `${secret} itself`
  return `is not kept where ${url} leads to another origin: send ${property} with ${what}, or ${without} to go without`
}
