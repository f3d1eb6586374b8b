import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OWNER_KEY, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()
let messages = ''

const { body } = await api.call('POST', '/v1/queues', { name: 'bodies' })
messages = `/v1/queues/${body.queue.id}/messages`

async function send(
  payload: string | Buffer,
  contentType?: string,
  method: 'POST' | 'GET' | 'DELETE' = 'POST',
  url = messages,
) {
  const headers = { 'x-api-key': OWNER_KEY, ...(contentType !== undefined && { 'content-type': contentType }) }
  const response = await api.inject({ method, url, headers, payload })
  return { status: response.statusCode, body: response.json() }
}

test('a body of another type is a 415, and so is one without a type', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'garbage', '', undefined]) {
    const { status, body } = await send('{"data":"x"}', type)
    assert.equal(status, 415, String(type))
    assert.equal(body.title, 'Unsupported Media Type')
  }
})

test('JSON with a charset is JSON', async () => {
  assert.equal((await send('{"data":"x"}', 'application/json; charset=utf-8')).status, 200)
})

test('malformed JSON is a 400 that says where it broke and never quotes it', async () => {
  const detailOf = async (text: string) => (await send(text, 'application/json')).body.detail
  assert.equal(await detailOf('{"data": whsec_secret}'), 'the body is not valid JSON')
  assert.equal(await detailOf('{"data": "x" "name"}'), 'the body is not valid JSON at position 13')
  assert.equal(await detailOf('{"data": "x"'), 'the body is not valid JSON at position 12')
  assert.equal(await detailOf('{"data":'), 'the body is not valid JSON: it ends too early')
  for (const text of ['{', '{"data":', '{"data":"x"', '"', 'nul', '{"a":1}}', "{'data':1}"]) {
    const answer = await send(text, 'application/json')
    assert.equal(answer.status, 400, text)
    assert.equal(answer.body.title, 'Bad Request')
  }
})

test('an empty body is a 400, with a type and without', async () => {
  for (const type of ['application/json', undefined]) {
    const { status, body } = await send('', type)
    assert.equal(status, 400)
    assert.match(body.detail, /empty/)
  }
})

test('bytes that are not UTF-8 are a 400, never something else than was sent', async () => {
  const { status } = await send(Buffer.from('{"data":"\xff"}', 'latin1'), 'application/json')
  assert.equal(status, 400)
})

test('JSON that is not an object is a 422', async () => {
  for (const text of ['null', 'true', '1', '"text"', '[]', '[{"data":"x"}]']) {
    const { status, body } = await send(text, 'application/json')
    assert.equal(status, 422, text)
    assert.deepEqual(body.errors, [{ path: '', message: 'must be a JSON object' }])
  }
})

test('a GET or DELETE with a body is served, whatever the body is', async () => {
  for (const type of [undefined, 'application/json', 'text/plain', 'garbage']) {
    assert.equal((await send('[jsonReq', type, 'GET')).status, 200)
    const { body } = await api.call('POST', '/v1/queues', { name: 'gone-soon' })
    assert.equal((await send('[jsonReq', type, 'DELETE', `/v1/queues/${body.queue.id}`)).status, 200)
  }
})

test('a body of more than 1 MiB is a 413 called Content Too Large', async () => {
  const { status, body } = await send(`{"data":"x"}${' '.repeat(1024 * 1024)}`, 'application/json')
  assert.equal(status, 413)
  assert.equal(body.title, 'Content Too Large')
})

test('properties that nobody knows are named, with those that are allowed', async () => {
  const { status, body } = await send('{"data":"x","dat":1,"__proto__":{},"a/b~c":2}', 'application/json')
  assert.equal(status, 422)
  const known = 'data, data_base64, content_type, name, key, deliver_at, delay, expires_at, expires_in, headers'
  const message = `is not known here; allowed are: ${known}`
  const paths = ['/dat', '/__proto__', '/a~1b~0c']
  assert.deepEqual(
    body.errors,
    paths.map((path) => ({ path, message })),
  )
})

test('no body makes the list of faults longer than somebody would read', async () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`p${index}`, 1]))
  const { body } = await send(JSON.stringify(many), 'application/json')
  assert.equal(body.errors.length, 20)
})

test('numbers are not taken for texts, nor texts for numbers', async () => {
  const { body } = await send('{"data":5,"name":true}', 'application/json')
  assert.deepEqual(body.errors, [
    { path: '/data', message: 'must be a string' },
    { path: '/name', message: 'must be a string' },
  ])
})

test('a body that is encoded is a 415, and one that says it is not is served', async () => {
  const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json' }
  for (const [encoding, status] of [
    ['gzip', 415],
    ['br, identity', 415],
    ['Identity', 200],
  ] as const) {
    const all = { ...headers, 'content-encoding': encoding }
    const response = await api.inject({ method: 'POST', url: messages, headers: all, payload: '{"data":"x"}' })
    assert.equal(response.statusCode, status, encoding)
  }
})

test('a body with more values than any valid one is a 413 before it is parsed; what lies in strings does not count', async () => {
  const many = 100_001
  const rubbish = [
    [`{"data":${'['.repeat(many)}${']'.repeat(many)}}`, '100 levels of arrays and objects'],
    [`{"data":${'['.repeat(100)}${']'.repeat(100)}}`, '100 levels of arrays and objects'],
    [`{"data":"x","more":[${'1,'.repeat(many)}1]}`, '100000 values'],
    [`{"data":"x","more":[${'[],'.repeat(many)}1]}`, '100000 values'],
    [`{"data":"x",${'"a":1,'.repeat(many)}"b":1}`, '100000 values'],
    // Not even JSON: what counts is what a parser would have to do.
    ['{'.repeat(300_000), '100 levels of arrays and objects'],
    [','.repeat(300_000), '100000 values'],
  ]
  for (const [text, most] of rubbish) {
    const { status, body } = await send(text!, 'application/json', 'POST', `${messages}/batch`)
    assert.equal(status, 413, text!.slice(0, 30))
    assert.equal(body.detail, `the body holds more than ${most}`)
  }
  const data = `${'[{,:'.repeat(40_000)}"\\`
  const texts = { messages: [{ data }, { data: `"${data}` }] }
  assert.equal((await send(JSON.stringify(texts), 'application/json', 'POST', `${messages}/batch`)).status, 200)
})

test('where nothing has to be in it, a body may be left out or empty, with a type or without', async () => {
  const optional = `/v1/queues/${body.queue.id}`
  for (const type of ['application/json', 'application/x-www-form-urlencoded', undefined]) {
    for (const [method, url] of [
      ['POST', '/v1/api_keys'],
      ['PUT', optional],
      ['PATCH', optional],
    ] as const) {
      const headers = { 'x-api-key': OWNER_KEY, ...(type !== undefined && { 'content-type': type }) }
      for (const payload of [undefined, '']) {
        const response = await api.inject({ method, url, headers, ...(payload !== undefined && { payload }) })
        assert.equal(response.statusCode, 200, `${method} ${url} ${type} ${response.body}`)
      }
      const refused = await api.inject({
        method,
        url,
        headers: { ...headers, 'content-type': 'text/plain' },
        payload: '{}',
      })
      assert.equal(refused.statusCode, 415)
    }
  }
})
