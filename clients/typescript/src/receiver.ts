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
const MAX_READ_BYTES = 16 * MAX_BODY_BYTES
const TOO_LARGE: Verdict = { status: 413 }
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
    tell(onError, error)
    // Where even that fails, the message is tried again as one that runs.
    const abandon = async () => id !== null && deduplication?.abandon(id)
    await abandon().catch((cause) => tell(onError, cause))
    return { status: error instanceof WebhookError ? 400 : 500 }
  }
}

/** What is told of an error must not be a second one, for which nothing waits. */
function tell(onError: ReceiverOptions['onError'], error: unknown): void {
  try {
    onError?.(error)
  } catch {
    // The caller's own report has failed; there is nowhere left to tell.
  }
}

/** A receiver for whatever speaks `Request` and `Response`: Hono, Next.js, Deno, Bun, workers. */
export function fetchReceiver(options: ReceiverOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const body = request.body === null ? new Uint8Array() : await bytesOf(request.body)
    const { status, headers = {} } = body === null ? TOO_LARGE : await judge(body, request.headers, options)
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
      tell(options.onError, error)
      return undefined
    })
    if (body === undefined) return
    const { status, headers } = body === null ? TOO_LARGE : await judge(body, request.headers, options)
    response.writeHead(status, headers)
    response.end()
  }
}

/** Null where there is more than a delivery can have. */
async function bodyOf(request: NodeRequest): Promise<Uint8Array | null> {
  if (request.body instanceof Uint8Array) return request.body
  if (request.body !== undefined)
    throw new TypeError('the body was parsed before the signature could be verified: put this before express.json()')
  return bytesOf(request)
}

/** Null where there is more than a delivery can have. A little more is read to its end, so that its sender hears why. */
async function bytesOf(body: AsyncIterable<Uint8Array | string>): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    size += bytes.length
    if (size > MAX_READ_BYTES) return null
    if (size <= MAX_BODY_BYTES) chunks.push(bytes)
  }
  if (size > MAX_BODY_BYTES) return null
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
