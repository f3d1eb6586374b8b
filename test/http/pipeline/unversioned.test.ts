import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createUnversioned } from '../../../src/http/pipeline/unversioned.ts'
import { sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()
await api.app.ready()

test('every path of the first version is there without the version, and answers the same', async () => {
  const paths = api.app.described.described().filter(({ url }) => url.startsWith('/v1/'))
  assert.ok(paths.length > 50, `${paths.length} operations`)
  for (const { method, url } of paths) {
    // Without a key: a route of the API refuses that with 401, and where there is none it is a 404.
    const path = url.replace(/:\w+/g, '0VGLyUJzEJ0hFh3qqZq9T')
    const ask = (to: string) => api.inject({ method: method as 'GET', url: to })
    const [versioned, unversioned] = [await ask(path), await ask(path.slice('/v1'.length))]
    assert.equal(versioned.statusCode, 401, path)
    assert.deepEqual([unversioned.statusCode, unversioned.body], [versioned.statusCode, versioned.body], path)
  }
})

describe('a path without a version', () => {
  const { note, routed } = createUnversioned()
  for (const url of ['/v1/queues', '/v1/queues/:queueId/messages', '/v2/topics', '/health', '/']) note({ url })

  for (const url of ['/queues', '/queues/', '/queues/4', '/queues?pretty', '/queues/4?a=/b']) {
    test(`${url} is one of the first version`, () => assert.equal(routed({ url }), `/v1${url}`))
  }
  const others = ['/v1/queues', '/v2/topics', '/topics', '/health', '/', '', '//queues', '/queuesx', '/?queues', '*']
  for (const url of [...others, '/:queueId', '/messages', 'queues', '/%71ueues']) {
    test(`"${url}" stays as it is`, () => assert.equal(routed({ url }), url))
  }
})
