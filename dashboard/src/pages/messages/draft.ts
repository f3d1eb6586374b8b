import type { Message, Queue } from '../../api/types.ts'
import { headersIn, linesOf } from '../../words/headers.ts'
import { lengthIn, spanOf } from '../../words/spans.ts'
import { sampleFor } from './sample.ts'

/** A message as it is typed. */
export interface Draft {
  /** The text, or what takes the place of bytes that are kept. */
  data: string
  /** Bytes of the message that this is like, as base64; sent unless a text is typed. */
  bytes: string | null
  contentType: string
  name: string
  key: string
  headers: string
  deliverAt: number | null
  expiresAfter: string
}

/** What a new message of the queue begins with. */
export function newDraft(queue: Pick<Queue, 'schema'>): Draft {
  const data = queue.schema ? sampleFor(queue.schema) : '{"hello":"world"}'
  return { data, bytes: null, contentType: '', name: '', key: '', headers: '', deliverAt: null, expiresAfter: '' }
}

/** What another message like this one begins with. It is due at once, and lives as long as this one was to live. */
export function draftOf(message: Message): Draft {
  return {
    data: message.data ?? '',
    bytes: message.data_base64 ?? null,
    contentType: message.content_type ?? '',
    name: message.name === message.id ? '' : message.name,
    key: message.key ?? '',
    headers: linesOf(message.headers ?? {}),
    deliverAt: null,
    expiresAfter: message.expires_at === undefined ? '' : spanOf(message.expires_at - message.deliver_at),
  }
}

/** Whether the bytes stay, since no text was typed in their place. */
function sendsBytes({ data, bytes }: Draft): boolean {
  return bytes !== null && data === ''
}

/** What the API takes for it; what was left empty is left out. */
export function bodyOf(draft: Draft): Record<string, unknown> {
  const headers = headersIn(draft.headers)
  const expiresIn = lengthIn(draft.expiresAfter)
  return {
    ...(sendsBytes(draft) ? { data_base64: draft.bytes } : { data: draft.data }),
    ...(draft.contentType && { content_type: draft.contentType }),
    ...(draft.name && { name: draft.name }),
    ...(draft.key && { key: draft.key }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(draft.deliverAt !== null && { deliver_at: draft.deliverAt }),
    ...(expiresIn !== null && { expires_in: expiresIn }),
  }
}
