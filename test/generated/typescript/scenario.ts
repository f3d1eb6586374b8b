// What the generated types and openapi-fetch must be able to do, against a running server.
import createClient from 'openapi-fetch'
import type { components, paths } from './api.d.ts'

type Problem = components['schemas']['Problem']
declare const process: { argv: string[] }
declare const console: { log(text: string): void }

const [, , baseUrl = '', key = ''] = process.argv
const client = createClient<paths>({ baseUrl, headers: { 'X-API-KEY': key } })

function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`failed: ${what}`)
}

function expectProblem(problem: Problem | undefined, status: number, path?: string): void {
  expect(problem?.status === status, `a ${status}, and not ${JSON.stringify(problem)}`)
  if (path !== undefined) expect(problem.errors?.[0]?.path === path, `an error at ${path}`)
}

const made = await client.POST('/v1/queues', { body: { name: 'from-typescript' } })
expect(made.data !== undefined, 'a queue')
const queue_id = made.data.queue.id

const listener = await client.POST('/v1/queues/{queue_id}/listeners', {
  params: { path: { queue_id } },
  body: { name: 'shop', notify_url: 'http://127.0.0.1:9/orders', retry: { max_attempts: 2 } },
})
expect(listener.data?.listener.secret?.startsWith('whsec_') === true, 'a listener with its secret')

for (const number of [1, 2, 3]) {
  const { data } = await client.POST('/v1/queues/{queue_id}/messages', {
    params: { path: { queue_id }, header: { 'Idempotency-Key': `order-${number}` } },
    body: { data: JSON.stringify({ number }), delay: 60_000 },
  })
  expect(data !== undefined, 'a message')
}

const seen: string[] = []
for (let cursor: string | undefined, page = 1; page <= 2; page++) {
  const query = { per_page: 2, _embed: true, ...(cursor !== undefined && { cursor }) }
  const { data } = await client.GET('/v1/queues/{queue_id}/messages', { params: { path: { queue_id }, query } })
  seen.push(...(data?._embedded?.messages ?? []).map((message) => message.data ?? 'no text'))
  const next = data?._links.next?.href
  expect((next !== undefined) === (page === 1), 'a second page, and no third one')
  cursor = next === undefined ? undefined : (new URL(next).searchParams.get('cursor') ?? undefined)
}
expect(seen.join() === '{"number":3},{"number":2},{"number":1}', `all messages, newest first, and not ${seen}`)

expectProblem((await client.POST('/v1/queues', { body: { name: 'from-typescript' } })).error, 422, '/name')
const nowhere = { params: { path: { queue_id: '00VbugnoyVluTsdf2eOBu' } } }
expectProblem((await client.GET('/v1/queues/{queue_id}', nowhere)).error, 404)

const deleted = await client.DELETE('/v1/queues/{queue_id}', { params: { path: { queue_id } } })
expect(deleted.data !== undefined, 'the queue deleted')
console.log('done')
