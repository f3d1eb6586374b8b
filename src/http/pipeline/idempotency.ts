import { createHash, hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AnswerFor, Idempotency, Turn } from '../../app/idempotency.ts'
import { Problem } from '../../core/problem.ts'
import type { Log } from '../../runtime.ts'
import type { IdempotencyRecord } from '../../store/idempotency-records.ts'
import type { Store } from '../../store/store.ts'
import { type AnsweredResource, isStillThere } from './answered-resources.ts'

const HEADER = 'idempotency-key'
/** Visible ASCII and spaces: what a header can carry without the server having to guess its encoding. */
const KEY = /^(?=.*[\x21-\x7e])[\x20-\x7e]{1,255}$/
const VERSION = /^\/v1(?=\/)/
const EMPTY = digestOf('')

type MyTurn = Turn & { stored: boolean }

declare module 'fastify' {
  interface FastifyRequest {
    /** The first request with its `Idempotency-Key`; null where there is no such header. */
    turn: MyTurn | null
    /** Of the raw body, where a repetition has to be told from another request; null where the client sent no key. */
    bodyDigest: string | null
  }
}

/** Digests a body that comes in pieces; null where the client sent no key. */
export function bodyDigest(request: FastifyRequest): { update(piece: Buffer): void; end(): void } | null {
  if (request.headers[HEADER] === undefined) return null
  const digest = createHash('sha256')
  return {
    update: (piece) => void digest.update(piece),
    end() {
      request.bodyDigest = digest.digest('hex')
    },
  }
}

/** Hooks of a `POST` route; a request without the header passes them at the cost of looking for it. */
export function createIdempotencyHooks(deps: { idempotency: Idempotency; store: Store; log: Log }) {
  const { idempotency, store, log } = deps

  async function start(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const { organizationId } = request.principal
    const attempted = { organizationId, target: targetOf(request), key: keyOf(request) }
    const begun = await idempotency.begin({ ...attempted, digest: request.bodyDigest ?? EMPTY })
    if ('body' in begun) {
      const shown = shownBy(request, begun)
      if (shown !== null && !(await isStillThere(store, shown))) throw new Problem('answered_gone')
      replay(request, reply, { ...begun, body: await restored(request, reply, begun) })
    } else request.turn = Object.assign(begun, { stored: false })
    return !('body' in begun)
  }

  /** Stores the answer before it is sent. Where that fails it is sent all the same: it told the truth. */
  async function finish(request: FastifyRequest, turn: MyTurn, status: number, payload: unknown): Promise<void> {
    try {
      if (turn.stored || status >= 500) return
      await turn.keep(turn.answer(status, stripped(request, status, withoutSecrets(String(payload ?? '')))))
    } catch (error) {
      log.error({ err: error }, 'an answer could not be stored for repetitions of its request')
    } finally {
      turn.end()
    }
  }

  return {
    begin(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
      if (request.headers[HEADER] === undefined) done()
      else start(request, reply).then((first) => first && done(), done)
    },
    end(
      request: FastifyRequest,
      reply: FastifyReply,
      payload: unknown,
      done: (error: Error | null, payload: unknown) => void,
    ): void {
      const { turn } = request
      if (turn === null) done(null, payload)
      else void finish(request, turn, reply.statusCode, payload).then(() => done(null, payload))
    },
  }
}

/**
 * Runs an effect and presents what came of it. The effect is handed what makes the answer to be stored with it, where
 * the request may be repeated, so that neither exists without the other. `presentAgain` makes it for a repetition, where
 * that must show less.
 */
export function answerOnce<Result>(
  request: FastifyRequest,
  reply: FastifyReply,
  effect: (answerFor?: AnswerFor<Result>) => Promise<Result>,
  present: (result: Result) => object,
  presentAgain = present,
): Promise<object> {
  // Most requests are not to be repeated, and spare the promises of those that are.
  return request.turn === null
    ? effect().then(present)
    : answerStored(request.turn, reply, effect, { present, presentAgain })
}

async function answerStored<Result>(
  turn: NonNullable<FastifyRequest['turn']>,
  reply: FastifyReply,
  effect: (answerFor?: AnswerFor<Result>) => Promise<Result>,
  { present, presentAgain }: Record<'present' | 'presentAgain', (result: Result) => object>,
): Promise<object> {
  const text = (result: Result) => String(reply.serializeInput({ ...presentAgain(result) }, '200'))
  const result = await effect((it) => turn.answer(200, withoutSecrets(text(it))))
  turn.stored = true
  return present(result)
}

function replay(request: FastifyRequest, reply: FastifyReply, { status, body }: IdempotencyRecord): void {
  const pretty = (request.query as { pretty?: boolean }).pretty === true
  reply
    .code(status)
    .header('idempotency-replayed', 'true')
    .type('application/json; charset=utf-8')
    .serializer((text: string) => text)
    .send(pretty ? JSON.stringify(JSON.parse(body), null, 2) : body)
}

/** The resource that an answer shows; null where it shows none, as a refusal does, and a dry run. */
function shownBy(request: FastifyRequest, { status, body }: IdempotencyRecord): AnsweredResource | null {
  const kind = request.routeOptions.config.answersWith
  if (kind === undefined || status !== 200) return null
  const { queueId = '', listenerId = '' } = request.params as Record<string, string>
  const { organizationId } = request.principal
  const answer = JSON.parse(body) as Record<string, unknown>
  if (!(kind in answer) && !('id' in answer)) return null
  // A key that was made is shown beside its text, which is not stored, and not within it.
  const shown = [answer[kind] ?? answer].flat() as { id: string }[]
  return { kind, organizationId, queueId, listenerId, ids: shown.map(({ id }) => id) }
}

/** What a route keeps of an answer that went well. */
function stripped({ routeOptions }: FastifyRequest, status: number, body: string): string {
  const { kept } = routeOptions.config
  return kept === undefined || status !== 200 ? body : JSON.stringify(kept.strip(JSON.parse(body)))
}

async function restored(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, body }: IdempotencyRecord,
): Promise<string> {
  const { kept } = request.routeOptions.config
  if (kept === undefined || status !== 200) return body
  return JSON.stringify(await kept.restore(request, reply, JSON.parse(body)))
}

function keyOf({ headers, raw }: FastifyRequest): string {
  const key = headers[HEADER]
  // Node joins what was sent twice into one text, which would be a third key.
  const times = raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === HEADER).length
  if (typeof key === 'string' && KEY.test(key) && times <= 1) return key
  const message = times > 1 ? 'must be sent once' : 'must be 1 to 255 printable characters of ASCII'
  throw new Problem('bad_header', { errors: [{ path: 'Idempotency-Key', message }] })
}

/** What a request is for: one path with and without the version is one target. */
function targetOf({ method, routeOptions, params }: FastifyRequest): string {
  const path = (routeOptions.url ?? '').replace(VERSION, '')
  const filled = path.replace(/:(\w+)/g, (_, name: string) => (params as Record<string, string>)[name] ?? '')
  return `${method} ${filled}`
}

/** An answer without the key or secret that it shows once: the first level, and the resource inside it. */
function withoutSecrets(text: string): string {
  if (!text.includes('"api_key"') && !text.includes('"secret"')) return text
  const body = JSON.parse(text) as Record<string, unknown>
  for (const part of [body, ...Object.values(body).filter(isObject)]) {
    for (const name of ['api_key', 'secret']) if (typeof part[name] === 'string') delete part[name]
  }
  return JSON.stringify(body)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function digestOf(body: Buffer | string): string {
  return hash('sha256', body, 'hex')
}
