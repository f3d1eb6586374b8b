import type { Api } from './api-types.ts'
import { Failure } from './failure.ts'

export interface Call {
  body?: unknown
  query?: Record<string, string | number | boolean | undefined>
  headers?: Record<string, string>
  /** Gives up after this long, null: never; the usual 30 s suit everything that does not wait on purpose. */
  timeoutMs?: number | null
  signal?: AbortSignal
}

/** Speaks to one server with one key. Throws `Refused` where it answers with an error, `Unreachable` where it does not. */
export interface ApiClient {
  readonly url: string
  /** `Answer` is what the API's description says of this operation. */
  call<Answer = unknown>(method: string, path: string, call?: Call): Promise<Answer>
  /** The text of an answer as it comes, without an end of its own accord; `signal` ends it. */
  stream(path: string, signal: AbortSignal): AsyncGenerator<string>
  /** Every entry of a listing in full, page after page. */
  all<Entry>(path: string, collection: string, query?: Call['query']): AsyncGenerator<Entry>
}

/** A page of a listing: references by the name of the collection, and in full where the listing has a full form. */
interface Page<Entry> {
  [collection: string]: unknown
  _embedded?: { [collection: string]: Entry[] }
  _links: Api.Links
}

/** The server answered with an error; the message is its own words. */
export class Refused extends Failure {
  readonly status: number
  /** How long it asked us to wait, or null where it did not. */
  readonly retryAfterMs: number | null

  constructor(status: number, body: unknown, retryAfterMs: number | null) {
    super(wordsOf(status, body))
    this.name = 'Refused'
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** No answer came; whether the request had its effect is unknown. */
export class Unreachable extends Failure {
  constructor(url: string, cause: unknown) {
    super(`no answer from ${url}: ${reasonOf(cause)}`, { cause })
    this.name = 'Unreachable'
  }
}

const TIMEOUT_MS = 30_000

export function createApiClient(address: { url: string; key: string | null }): ApiClient {
  const { url, key } = address
  const base: Record<string, string> = key === null ? {} : { 'x-api-key': key }

  async function* stream(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const headers = { accept: 'text/event-stream' }
    const response = await request('GET', path, { headers, signal, timeoutMs: null })
    try {
      yield* response.body!.pipeThrough(new TextDecoderStream())
    } catch (cause) {
      throw signal.aborted ? signal.reason : new Unreachable(url, cause)
    }
  }

  async function request(method: string, path: string, call: Call) {
    const { body, query, headers, timeoutMs = TIMEOUT_MS, signal } = call
    const signals = [timeoutMs === null ? [] : AbortSignal.timeout(timeoutMs), signal ?? []].flat()
    const response = await fetch(`${url}/v1${path}${searchOf(query)}`, {
      method,
      headers: { ...base, ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.any(signals),
      redirect: 'error',
    }).catch((cause: unknown) => {
      throw signal?.aborted ? signal.reason : new Unreachable(url, cause)
    })
    if (response.ok) return response
    throw new Refused(response.status, await bodyOf(response), retryAfterOf(response))
  }

  async function call<Answer>(method: string, path: string, ask: Call = {}): Promise<Answer> {
    const response = await request(method, path, ask)
    return (response.json() as Promise<Answer>).catch((cause: unknown) => {
      throw ask.signal?.aborted ? ask.signal.reason : new Unreachable(url, cause)
    })
  }

  async function* all<Entry>(path: string, collection: string, query: Call['query'] = {}): AsyncGenerator<Entry> {
    let answer = await call<Page<Entry>>('GET', path, { query: { ...query, _embed: true } })
    for (;;) {
      yield* answer._embedded?.[collection] ?? (answer[collection] as Entry[])
      const next = answer._links.next?.href
      if (next === undefined) return
      // Only what it asks for is taken from the link: the address that we reach the server at may be another one.
      const search = Object.fromEntries(new URL(next).searchParams)
      answer = await call('GET', path, { query: { ...query, _embed: true, ...search } })
    }
  }

  return { url, call, stream, all }
}

function searchOf(query: Call['query'] = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return search.size > 0 ? `?${search}` : ''
}

async function bodyOf(response: Response): Promise<unknown> {
  // An answer that is no JSON comes from something else than discue; its status says enough.
  return response.json().catch(() => null)
}

function retryAfterOf(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null
}

function wordsOf(status: number, body: unknown): string {
  const { title, detail, errors } = (body ?? {}) as { [Name in keyof Api.Problem]?: unknown }
  const what = `${status}${typeof title === 'string' ? ` ${title}` : ''}`
  if (typeof detail !== 'string') return what
  const faults: Api.ProblemError[] = Array.isArray(errors) ? errors : []
  const list = faults.map(({ path, message }) => `${path || 'body'} ${message}`).join('; ')
  return `${what}: ${detail}${list && ` (${list})`}`
}

function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: NodeJS.ErrnoException }
  if (name === 'TimeoutError') return 'it took too long'
  if (cause?.code === 'ECONNREFUSED') return 'nothing listens there; is the server running?'
  return cause?.message || cause?.code || message
}
