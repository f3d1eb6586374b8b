import { isUtf8 } from 'node:buffer'
import type { NewMessage } from '../../app/accept-message.ts'
import { keyFault } from '../../core/message.ts'
import { nameFault } from '../../core/name.ts'

/** Data that may be larger than that is weighed by the route. */
const MAX_DATA_UNITS = 64 * 1024

/**
 * The message that a body holds, where it is one without any doubt: data, and at most a name and a key that are right.
 * Null for everything else, so that what is wrong with it is said in one place only.
 */
export function readPlainMessage(bytes: Buffer): NewMessage | null {
  if (!isUtf8(bytes)) return null
  let body: unknown
  try {
    body = JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null
  const { data, name, key, ...others } = body as Record<string, unknown>
  for (const _ in others) return null
  if (typeof data !== 'string' || data.length > MAX_DATA_UNITS || !data.isWellFormed()) return null
  if (name !== undefined && (typeof name !== 'string' || nameFault(name) !== null)) return null
  if (key !== undefined && (typeof key !== 'string' || keyFault(key) !== null)) return null
  return { data, name: name ?? null, key: key ?? null }
}
