import type { IncomingMessage } from 'node:http'
import { SMALL_BODY_BYTES } from '../body/body-room.ts'
import { namesHostTwice } from '../pipeline/base.ts'

/** What the head of a plain post says. */
export interface PlainHead {
  /** Of the path. */
  params: { queueId: string }
  /** Name and port that the client asked. */
  host: string
  /** Bytes of the body. */
  length: number
}

/** What both versions of HTTP give of a request. */
export type Head = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>

/** With and without the version, and without a query. */
const PATH = /^(?:\/v1)?\/queues\/([0-9A-Za-z]{1,40})\/messages$/
const LENGTH = /^[1-9]\d{0,5}$/

/** Fields that only the route understands. Those that neither this list nor the checks name change nothing there either. */
const FOR_THE_ROUTE = ['idempotency-key', 'content-encoding', 'transfer-encoding'] as const

/**
 * Reads the head of a request. Null for whatever may be something else than a plain post of one message: another route,
 * no key, a body of unknown length or a large one, or a field that only the route understands. Whether anything is wrong
 * with such a request is for the route to say.
 */
export function readPlainHead({ method, url = '', headers, rawHeaders }: Head): PlainHead | null {
  if (method !== 'POST') return null
  const queueId = PATH.exec(url)?.[1]
  const { 'x-api-key': key, 'content-length': announced = '', 'content-type': type } = headers
  const host = headers.host ?? headers[':authority']
  if (queueId === undefined || type === undefined || !LENGTH.test(announced)) return null
  if (typeof key !== 'string' || key === '' || typeof host !== 'string' || namesHostTwice(rawHeaders)) return null
  const length = Number(announced)
  if (length > SMALL_BODY_BYTES) return null
  for (const name of FOR_THE_ROUTE) if (headers[name] !== undefined) return null
  return { params: { queueId }, host, length }
}
