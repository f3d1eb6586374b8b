import type { DeduplicationStore } from './deduplication.ts'
import { type Delivery, type HeaderFields, type VerifyOptions, verify, WebhookError } from './webhook.ts'

export interface ReceiverOptions extends VerifyOptions {
  /** The listener's `whsec_…`; several while one is replaced by another. */
  secret: string | readonly string[]
  /** What is to be done with a message. Where it throws, the message comes again by the listener's retry policy. */
  handle: (delivery: Delivery) => Promise<void> | void
  /** With it a message that was handled is acknowledged and not handled again. */
  deduplication?: DeduplicationStore
  /** Told of what `handle` has thrown, and of requests that are no deliveries. */
  onError?: (error: unknown) => void
}

interface Verdict {
  status: number
  headers?: Record<string, string>
}

/** The server allows 256 KiB of data. */
const MAX_BODY_BYTES = 1024 * 1024
/** Another process handles it right now, and may still fail. */
const RUNNING: Verdict = { status: 409, headers: { 'retry-after': '1' } }

/** Whether it is a delivery, then what came of handling it, as the answer that says so. Never throws. */
async function judge(body: Uint8Array, headers: HeaderFields, options: ReceiverOptions): Promise<Verdict> {
  const { secret, handle, deduplication, onError } = options
  let id: string | null = null
  try {
    const delivery = await verify(body, headers, secret, options)
    if (delivery.isTest) return { status: 204 }
    const state = (await deduplication?.begin(delivery.id)) ?? 'new'
    if (state !== 'new') return state === 'done' ? { status: 204 } : RUNNING
    id = delivery.id
    await handle(delivery)
    await deduplication?.finish(delivery.id)
    return { status: 204 }
  } catch (error) {
    onError?.(error)
    // Where even that fails, the message is tried again as one that runs.
    if (id !== null) await Promise.resolve(deduplication?.abandon(id)).catch((cause) => onError?.(cause))
    return { status: error instanceof WebhookError ? 400 : 500 }
  }
}

/** A receiver for whatever speaks `Request` and `Response`: Hono, Next.js, Deno, Bun, workers. */
export function fetchReceiver(options: ReceiverOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const body = new Uint8Array(await request.arrayBuffer())
    const { status, headers = {} } = await judge(body, request.headers, options)
    return new Response(null, { status, headers })
  }
}

/** What Node.js's `http` and Express hand over, as far as it is used here. */
interface NodeRequest extends AsyncIterable<Uint8Array | string> {
  headers: Record<string, string | string[] | undefined>
  /** What a parser before this one has made of the body: the bytes, if it is to be verified. */
  body?: unknown
}
interface NodeResponse {
  writeHead(status: number, headers?: Record<string, string>): unknown
  end(): unknown
}

/**
 * A receiver for Node.js's `http` and for Express, before any parser of JSON: the signature is over the bytes as they came.
 * A parser that keeps the bytes (`express.raw({ type: '*\/*' })`) is fine.
 */
export function nodeReceiver(
  options: ReceiverOptions,
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => {
    const body = await bodyOf(request).catch((error: unknown) => {
      if (error instanceof TypeError) throw error
      // The sender hung up before it was all there, and hears no answer.
      options.onError?.(error)
      return undefined
    })
    if (body === undefined) return
    const { status, headers } = body === null ? { status: 413 } : await judge(body, request.headers, options)
    response.writeHead(status, headers)
    response.end()
  }
}

/** Null where there is more than a delivery can have. */
async function bodyOf(request: NodeRequest): Promise<Uint8Array | null> {
  if (request.body instanceof Uint8Array) return request.body
  if (request.body !== undefined)
    throw new TypeError('the body was parsed before the signature could be verified: put this before express.json()')
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    size += bytes.length
    if (size > MAX_BODY_BYTES) return null
    chunks.push(bytes)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
