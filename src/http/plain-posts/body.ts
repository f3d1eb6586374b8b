import { isUtf8 } from 'node:buffer'
import type { NewMessage } from '../../app/accept-message.ts'
import { keyFault } from '../../core/delivery/message.ts'
import { nameFault } from '../../core/name.ts'

/**
 * The message that a body holds, where it is one without any doubt: data, and at most a name and a key that are right.
 * Null for everything else, so that what is wrong with it is said in one place only.
 */
export function readPlainMessage(bytes: Buffer): NewMessage | null {
  const text = bytes.toString('utf8')
  // U+FFFD stands for bytes that are no UTF-8, but the client may have sent it as well.
  if (text.includes('\ufffd') && !isUtf8(bytes)) return null
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null
  for (const field in body) if (field !== 'data' && field !== 'name' && field !== 'key') return null
  const { data, name, key } = body as Record<string, unknown>
  if (typeof data !== 'string' || !data.isWellFormed()) return null
  if (name !== undefined && (typeof name !== 'string' || nameFault(name) !== null)) return null
  if (key !== undefined && (typeof key !== 'string' || keyFault(key) !== null)) return null
  return { data, name: name ?? null, key: key ?? null }
}
