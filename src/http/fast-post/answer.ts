import type { Rate } from '../../app/rate-limiter.ts'
import { rateHeaders } from '../rate-headers.ts'

const CONTENT_TYPE = 'application/json; charset=utf-8'
const SECOND_MS = 1000

/** An answer before it is written. */
export interface Answer {
  status: number
  title: string
  requestId: string
  rate: Rate | null
  headers: Readonly<Record<string, string>>
  /** JSON. */
  body: string
}

/** Writes answers as text of HTTP/1.1, with the fields that Node and the routes give to theirs. */
export function createAnswerText(deps: { now: () => number; keepAliveMs: number }): (answer: Answer) => string {
  const keepAlive = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(deps.keepAliveMs / SECOND_MS)}\r\n`
  let [second, date] = [Number.NaN, '']

  /** Made once a second (RFC 9110, section 6.6.1). */
  function dateAt(now: number): string {
    const current = Math.floor(now / SECOND_MS)
    if (current !== second) {
      second = current
      date = new Date(current * SECOND_MS).toUTCString()
    }
    return date
  }

  return ({ status, title, requestId, rate, headers, body }) => {
    let head = `HTTP/1.1 ${status} ${title}\r\nx-request-id: ${requestId}\r\n`
    if (rate !== null) head += lines(rateHeaders(rate))
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`
    head += `content-type: ${CONTENT_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\ndate: ${dateAt(deps.now())}\r\n`
    return `${head}${keepAlive}\r\n${body}`
  }
}

function lines(headers: Readonly<Record<string, string | number>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}
