import { session } from './session.ts'

/** Where the API is, wherever the page itself lies; also shown in lines to paste. */
export const API = new URL('v1', document.baseURI.replace(/#.*$/, '')).href

export interface Fault {
  path: string
  message: string
}

/** An answer that is not 200; status 0 means that there was none. */
export class ApiError extends Error {
  readonly status: number
  readonly faults: Fault[]
  /** When the server asks to try again, in ms. */
  readonly retryAfterMs: number | null

  constructor(status: number, message: string, faults: Fault[] = [], retryAfterMs: number | null = null) {
    super(message)
    this.status = status
    this.faults = faults
    this.retryAfterMs = retryAfterMs
  }

  /** Worth trying again as it is. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 503 || this.isLockedOut
  }

  /** Too many wrong keys came from this address; it says nothing of this key, and says when it is over. */
  get isLockedOut(): boolean {
    return this.status === 403 && this.retryAfterMs !== null
  }

  /** The key may not do this. */
  get isForbidden(): boolean {
    return this.status === 403 && !this.isLockedOut
  }

  /** The server does not have this feature, or it is switched off. */
  get isMissing(): boolean {
    return this.status === 404 || this.status === 405 || this.status === 501
  }
}

type Query = Record<string, string | number | boolean | null | undefined>

export interface Call {
  body?: unknown
  query?: Query
  signal?: AbortSignal
  /** A key other than the session's. */
  key?: string
  /** Does not end the session where the key is refused. */
  probing?: boolean
}

function urlOf(path: string, query: Query = {}): string {
  const url = new URL(API + path)
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, String(value))
  }
  return url.href
}

/** Calls the API with the session's key. Throws `ApiError`; a key that is refused ends the session. */
export async function call<Answer>(method: string, path: string, ask: Call = {}): Promise<Answer> {
  const key = ask.key ?? session.key()
  if (key === null) throw new ApiError(401, 'signed out')
  const response = await send(method, path, ask, key)
  const text = await response.text().catch(() => '')
  if (response.ok) return parsed(text) as Answer
  const error = errorOf(response, parsed(text))
  if (error.status === 401 && ask.probing !== true && key === session.key()) session.end('rejected')
  throw error
}

async function send(method: string, path: string, ask: Call, key: string): Promise<Response> {
  try {
    return await fetch(urlOf(path, ask.query), {
      method,
      headers: { 'x-api-key': key, ...(ask.body !== undefined && { 'content-type': 'application/json' }) },
      body: ask.body === undefined ? undefined : JSON.stringify(ask.body),
      signal: ask.signal,
      credentials: 'omit',
      cache: 'no-store',
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'The server does not answer. It may be stopped, or the network may be down.')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export function errorOf(response: Response, body: unknown): ApiError {
  const { title, detail, errors } = (body ?? {}) as { title?: string; detail?: string; errors?: Fault[] }
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiError(
    response.status,
    detail ?? title ?? `The server answered ${response.status}.`,
    errors ?? [],
    Number.isFinite(retryAfter) ? retryAfter * 1000 : null,
  )
}
