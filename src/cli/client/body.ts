import { isUtf8 } from 'node:buffer'
import { base64Bytes } from '../../core/message/body.ts'

/** A body as the API speaks of it. */
export interface SpokenBody {
  data?: string | undefined
  data_base64?: string | undefined
  content_type?: string | undefined
}

/** What was read, as a request says it: as text where it is UTF-8, else as bytes. */
export function spokenBody(bytes: Buffer, contentType?: string): SpokenBody {
  const content = isUtf8(bytes) ? { data: bytes.toString('utf8') } : { data_base64: bytes.toString('base64') }
  return { ...content, content_type: contentType }
}

/** A body in one line for a terminal: the text, or how many bytes of what there are. */
export function bodyLine({ data, data_base64: base64 = '', content_type: type }: SpokenBody): string {
  return data ?? `(${base64Bytes(base64)} bytes of ${type})`
}
