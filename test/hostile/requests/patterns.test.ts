import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { RE2JS } from 're2js'
import { OWNER_KEY, sharedApi } from '../../support/server/api.ts'
import { createClient } from '../../support/server/client.ts'

const api = await sharedApi()
const url = await api.app.listen({ port: 0, host: '127.0.0.1' })
const client = createClient(() => url, OWNER_KEY)

test('a schema whose patterns would take seconds to compile is refused before they are, with the path', async () => {
  const compile = mock.method(RE2JS, 'compile')
  const before = compile.mock.callCount()
  const patterns = ['a{0,1000}'.repeat(100), '(?:(?:a{0,10}){0,10}){0,10}'.repeat(30), '\\p{L}{1000}'.repeat(90)]
  for (const pattern of patterns) {
    const schema = { fine: { type: 'string' }, list: { type: 'array', items: { type: 'string', pattern } } }
    const { status, body } = await client.call('POST', '/queues', { name: 'hostile', schema })
    assert.equal(status, 422)
    assert.deepEqual(
      body.errors.map(({ path }: { path: string }) => path),
      ['/schema/list/items/pattern'],
    )
    assert.match(body.errors[0].message, /4096 are allowed; a repetition like \{100\} counts as often as it repeats/)
  }
  assert.equal(compile.mock.callCount(), before)
  compile.mock.restore()
})
