import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type ApiOptions, OTHER_OWNER_KEY, OWNER_KEY, startApi, type TestApi } from './server/api.ts'
import { Client, listen, type WireAnswer } from './server/wire.ts'

/** Makes a post the route's, which takes it like any other. */
const FOR_THE_ROUTE = 'Content-Encoding: identity'
/** More than that apart, the lock-out and the rate of one case are over at the next. */
const MINUTE_MS = 61_000

interface Case {
  key: string | null
  path: string
  fields: readonly string[]
  body: string | Buffer
  /** Whether a minute goes by before it. */
  later: boolean
}

/** One server, and a connection to it. */
interface Side {
  api: TestApi
  queueId: string
  ask(bytes: Buffer): Promise<WireAnswer>
  close(): Promise<void>
}

async function openSide(options: ApiOptions): Promise<Side> {
  const api = await startApi(options)
  const { queue } = (await api.call('POST', '/v1/queues', { name: 'q' })).body
  const port = await listen(api.app)
  let client = new Client(port)
  async function ask(bytes: Buffer): Promise<WireAnswer> {
    if (client.socket.destroyed || client.socket.readableEnded) client = new Client(port)
    client.send(bytes)
    const answer = await client.answer()
    assert.ok(answer !== null, 'the server hung up without an answer')
    if (answer.headers.connection === 'close') client.socket.destroy()
    return answer
  }
  async function close(): Promise<void> {
    client.socket.destroy()
    await api.app.close()
  }
  return { api, queueId: queue.id, ask, close }
}

const text = fc.oneof(
  fc.string({ maxLength: 40, unit: 'binary' }),
  fc.constantFrom('', 'ü🙂', '\ufffd', '\ud800', '{"a":1}', 'self', 'a/b'),
)
const plainBody = fc
  .record({ data: text, name: fc.constantFrom('n', 'a/b-1', '0'), key: text }, { requiredKeys: ['data'] })
  .map((body) => JSON.stringify(body))
const oddBody = fc.oneof(
  fc.json(),
  fc
    .record({ data: fc.jsonValue(), name: fc.jsonValue(), key: fc.jsonValue() }, { requiredKeys: [] })
    .map((it) => JSON.stringify(it)),
  fc
    .record({ data: text, delay: fc.jsonValue(), extra: text }, { requiredKeys: ['data'] })
    .map((it) => JSON.stringify(it)),
  fc.constantFrom(
    '',
    '{',
    '[]',
    'null',
    '{"data":"x"} ',
    '{"data":"x"}x',
    '{"data":1,"data":"x"}',
    '{"data":"x","__proto__":{}}',
  ),
  fc
    .uint8Array({ minLength: 1, maxLength: 30 })
    .map((bytes) => Buffer.concat([Buffer.from('{"data":"'), bytes, Buffer.from('"}')])),
  fc.integer({ min: 60_000, max: 270_000 }).map((length) => JSON.stringify({ data: 'x'.repeat(length) })),
)
const field = fc.constantFrom(
  ...['Accept: */*', 'Accept: text/html', 'Accept: application/json;q=0', 'Accept: "', 'Accept:'],
  ...['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-For: 198.51.100.7, 192.0.2.1', 'X-Forwarded-For: rubbish'],
  ...['X-Request-Id: mine.1', 'X-Request-Id: not valid', 'If-Match: "1-x"', 'Cookie: a=b', 'Via: 1.1 x', 'Host: other'],
  ...['Connection: keep-alive', 'Connection: close', 'User-Agent: x', 'traceparent: rubbish', 'X-Other: \u00fc'],
)
const types = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=latin1',
  'text/plain',
)

const cases: fc.Arbitrary<Case> = fc
  .record({
    key: fc.oneof(
      { weight: 12, arbitrary: fc.constant(OWNER_KEY) },
      fc.constantFrom(OTHER_OWNER_KEY, 'nobody', '', null),
    ),
    path: fc.oneof(
      { weight: 12, arbitrary: fc.constant('/v1/queues/ID/messages') },
      fc.constantFrom(
        '/queues/ID/messages',
        '/v1/queues/00000000000000000000x/messages',
        '/v1/queues/x/messages',
        '/v1/queues/ID/messages?pretty',
      ),
    ),
    more: fc.array(field, { maxLength: 3 }),
    type: fc.oneof({ weight: 8, arbitrary: fc.constant('application/json') }, types),
    body: fc.oneof({ weight: 2, arbitrary: plainBody }, oddBody),
    later: fc.boolean(),
  })
  .map(({ more, type, ...rest }) => ({ ...rest, fields: [`Content-Type: ${type}`, ...more] }))

function bytesOf({ key, path, fields, body }: Case, queueId: string, more: readonly string[]): Buffer {
  const head = [
    `POST ${path.replace('ID', queueId)} HTTP/1.1`,
    'Host: localhost:3000',
    ...(key === null ? [] : [`X-API-KEY: ${key}`]),
    ...fields,
    ...more,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body as string)])
}

/** What differs from answer to answer, made the same. */
function comparable({ statusLine, headers, body }: WireAnswer) {
  const { date: _, 'x-request-id': id, ...others } = headers
  const known = id === 'mine.1' ? id : id?.replace(/^[0-9A-Za-z]{21}$/, 'ID')
  return {
    statusLine,
    id: known,
    headers: others,
    body: body.replaceAll(/(?<="(?:id|name)":\s*"|messages\/)[0-9A-Za-z]{21}/g, 'ID'),
  }
}

/** What is stored of the message that an answer tells of. */
async function effectOf({ api, queueId }: Side, answer: WireAnswer): Promise<unknown> {
  const { id } = JSON.parse(answer.body).message
  const found = await api.store.messages.get({ organizationId: api.organizations.first, queueId, id })
  const { data, name, key, createdAt, deliverAt } = found!.message
  return { data, name, key, createdAt, deliverAt }
}

/** How many of them were accepted, and how many refused. */
export interface Tally {
  accepted: number
  refused: number
}

/**
 * Sends so many random posts to two servers that began alike: to one as they are, to the other so that the route takes
 * each. Both must say the same, and have stored the same. Throws with the case where they do not.
 */
export async function expectSamePosts(count: number, seed: number, options: ApiOptions = {}): Promise<Tally> {
  const [plain, routed] = [await openSide(options), await openSide(options)]
  const tally = { accepted: 0, refused: 0 }
  try {
    for (const one of fc.sample(cases, { numRuns: count, seed })) {
      if (one.later) for (const { api } of [plain, routed]) api.clock.now += MINUTE_MS
      const [answer, expected] = await Promise.all([
        plain.ask(bytesOf(one, plain.queueId, [])),
        routed.ask(bytesOf(one, routed.queueId, [FOR_THE_ROUTE])),
      ])
      const told = `seed ${seed}: ${JSON.stringify(one)}`
      assert.deepEqual(comparable(answer), comparable(expected), told)
      const isAccepted = answer.statusLine.includes(' 200 ')
      if (isAccepted) assert.deepEqual(await effectOf(plain, answer), await effectOf(routed, expected), told)
      tally[isAccepted ? 'accepted' : 'refused'] += 1
    }
    assert.deepEqual(
      plain.api.used.map(({ at }) => at),
      routed.api.used.map(({ at }) => at),
      `seed ${seed}: uses of keys`,
    )
    return tally
  } finally {
    await Promise.all([plain.close(), routed.close()])
  }
}
