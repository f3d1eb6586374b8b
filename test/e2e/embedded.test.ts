import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Settings, startServer } from '../../src/embedded.ts'
import { makeFolder } from '../support/server/server-process.ts'

const QUIET: Settings = { logLevel: 'silent' }

describe('a server in a program of its user', () => {
  test('is in memory, on a free port, and gone at the end of its block', async () => {
    let url = ''
    {
      await using server = await startServer(QUIET)
      url = server.url
      const answer = await fetch(`${url}/v1/queues`, { headers: { 'x-api-key': server.rootKey } })
      assert.equal(answer.status, 200)
      assert.equal(server.clock, null)
    }
    await assert.rejects(fetch(`${url}/health/live`), TypeError)
  })

  test('keeps what it was told in a database that stays, under the key that it was given', async () => {
    using folder = makeFolder()
    const settings = { ...QUIET, databaseUrl: `sqlite:${folder.path}/discue.db`, rootApiKey: 'k'.repeat(64) }
    const ask = async (method: string) => {
      await using server = await startServer(settings)
      assert.equal(server.rootKey, settings.rootApiKey)
      const headers = { 'x-api-key': server.rootKey, 'content-type': 'application/json' }
      const body = method === 'POST' ? '{"name":"orders"}' : undefined
      const answer = await fetch(`${server.url}/v1/queues?_embed`, { method, headers, body })
      return JSON.stringify(await answer.json())
    }
    await ask('POST')
    assert.match(await ask('GET'), /"name":"orders"/)
  })

  test('says what is wrong with a setting, and reads none from the environment', async (t) => {
    t.after(() => delete process.env.DISCUE_PROT)
    process.env.DISCUE_PROT = '1'
    await using _server = await startServer(QUIET)
    await assert.rejects(startServer({ ...QUIET, rateLimit: 'many' }), /^ConfigError: DISCUE_RATE_LIMIT must be/)
    await assert.rejects(startServer({ prot: 1 } as Settings), /^ConfigError: --prot is unknown/)
    await assert.rejects(startServer({ databaseUrl: 'sqlite:./x.db' }), /rootApiKey must be given with databaseUrl/)
  })

  test('leaves nothing on the process, however many were started', async () => {
    const before = process.listenerCount('exit')
    for (let count = 0; count < 3; count++) {
      await using _server = await startServer(QUIET)
    }
    assert.equal(process.listenerCount('exit'), before)
  })

  test('stops once, however often it is asked to', async () => {
    const server = await startServer(QUIET)
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
  })
})
