import { type ApiError, ConnectionError, errorOf } from './errors.ts'

export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:3000`. */
  url: string
  apiKey: string
  /** For one try, in ms; 30,000 unless told. A pull may wait for that long in addition. */
  timeoutMs?: number
  /** How often a request is tried again that may be; 4 unless told. */
  retries?: number
  /** In place of the platform's own. */
  fetch?: typeof globalThis.fetch
}

export interface CallOptions {
  query?: Record<string, string | number | boolean | undefined> | undefined
  body?: unknown
  /** Ends the call, and all tries of it. */
  signal?: AbortSignal | undefined
  /** By which the server knows a repetition; made here for each call of what creates something, unless given. */
  idempotencyKey?: string | undefined
  /** Whether a repetition does no harm; else it is not sent again. */
  repeatable?: boolean
  /** What is not there any more when the call is repeated was deleted by the first try, whose answer was lost. */
  deletes?: boolean
  /** Added to the time that a try has. */
  waitMs?: number
}

const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 30_000
/** Nothing was done, or the same answer will come to the same Idempotency-Key. */
const WORTH_A_RETRY = new Set([429, 502, 503, 504])

interface Failure {
  error: ApiError | ConnectionError
  /** Null where no whole answer came. */
  status: number | null
  retryAfter: string | null
}

/** Speaks to the API: JSON, tries again where that is safe, errors by status. */
export class Transport {
  readonly #url: string
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    if (!/^https?:\/\//.test(options.url)) throw new TypeError('url must begin with http:// or https://')
    this.#url = options.url.replace(/\/+$/, '')
    this.#options = options
  }

  /**
   * Calls a path of the API, such as `/queues`, and answers with its JSON.
   *
   * @throws ApiError, of the class of its status; ConnectionError; what `signal` was aborted with
   */
  async call<Answer>(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { retries = 4 } = this.#options
    const mayRepeat = options.repeatable ?? (method !== 'POST' || options.idempotencyKey !== undefined)
    for (let tries = 0; ; tries++) {
      const outcome = await this.#try(method, path, options)
      if ('json' in outcome) return outcome.json as Answer
      if (tries > 0 && options.deletes && outcome.status === 404) return undefined as Answer
      const delayMs = mayRepeat && tries < retries ? delayBefore(outcome, tries) : null
      if (delayMs === null) throw outcome.error
      await pause(delayMs, options.signal)
    }
  }

  /** The whole answer is read here: it may break off as the way to it may. */
  async #try(method: string, path: string, options: CallOptions): Promise<{ json: unknown } | Failure> {
    const { fetch = globalThis.fetch, timeoutMs = 30_000, apiKey } = this.#options
    const { signal, idempotencyKey, body, waitMs = 0 } = options
    const late = AbortSignal.timeout(timeoutMs + waitMs)
    const headers: Record<string, string> = { 'x-api-key': apiKey, accept: 'application/json' }
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey
    try {
      const response = await fetch(`${this.#url}/v1${path}${textOf(options.query)}`, {
        ...{ method, headers, redirect: 'error' },
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      if (response.ok) return { json: await response.json() }
      return {
        error: await errorOf(response),
        status: response.status,
        retryAfter: response.headers.get('retry-after'),
      }
    } catch (error) {
      signal?.throwIfAborted()
      const why = late.aborted ? `no answer within ${timeoutMs + waitMs} ms` : 'the server cannot be reached'
      return { error: new ConnectionError(`${method} ${path}: ${why}`, error), status: null, retryAfter: null }
    }
  }
}

function textOf(query: CallOptions['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? '' : `?${text}`
}

/** Milliseconds until the next try; null where there should be none. */
function delayBefore({ status, retryAfter }: Failure, tries: number): number | null {
  const asked = Number(retryAfter ?? Number.NaN)
  if (status !== null && !WORTH_A_RETRY.has(status)) {
    // The first request with this Idempotency-Key is still running; without the header the conflict is for good.
    if (status !== 409 || Number.isNaN(asked)) return null
  }
  if (asked >= 0) return Math.min(asked * 1_000, LONGEST_DELAY_MS)
  const most = Math.min(FIRST_DELAY_MS * 2 ** tries, LONGEST_DELAY_MS)
  // Many clients that saw the same failure should not come back at the same time.
  return most / 2 + (Math.random() * most) / 2
}

/** Resolves after that long. Throws what the signal is aborted with. */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const aborted = () => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }, delayMs)
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
