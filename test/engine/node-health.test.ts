import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNodeHealth } from '../../src/engine/node-health.ts'
import { StoreUnavailable } from '../../src/store/store.ts'

function given(shared: boolean) {
  const lines: unknown[] = []
  const state = { error: null as Error | null, reason: null as string | null }
  const ping = async () => {
    if (state.error !== null) throw state.error
  }
  const log = { warn: (fields: object) => void lines.push(fields) }
  const health = createNodeHealth({ store: { ping, shared }, reasonAgainst: () => state.reason, log })
  return { health, state, lines }
}

test('a node is ready while it can write and read what is due, until it stops', async () => {
  const { health, state } = given(true)
  assert.deepEqual(await health.ready(), { ready: true })
  state.reason = 'what is due cannot be read from the store'
  assert.deepEqual(await health.ready(), { ready: false, reason: state.reason })
  state.reason = null
  assert.deepEqual(await health.ready(), { ready: true })
  health.stopping()
  assert.deepEqual(await health.ready(), { ready: false, reason: 'the server is shutting down' })
})

test('strangers learn neither where the database is nor who logs in to it; the log tells, once', async () => {
  const { health, state, lines } = given(true)
  for (const [message, told] of [
    ['PostgreSQL cannot be reached: connect ECONNREFUSED 10.0.0.7:5432', 'PostgreSQL cannot be reached'],
    [
      'PostgreSQL cannot be reached: db.internal:5432: getaddrinfo ENOTFOUND db.internal',
      'PostgreSQL cannot be reached',
    ],
    ['PostgreSQL 28P01: password authentication failed for user "discue"', 'PostgreSQL 28P01'],
    ['no connection came free in time', 'no connection came free in time'],
  ] as const) {
    state.error = new StoreUnavailable(message)
    assert.deepEqual(await health.ready(), { ready: false, reason: `the store cannot be written: ${told}` })
  }
  assert.equal(lines.length, 1)
  state.error = null
  await health.ready()
  state.error = new StoreUnavailable('gone again')
  await health.ready()
  assert.equal(lines.length, 2)
})

test('of a file, and of faults of this program, nothing is told', async () => {
  const { health, state } = given(false)
  state.error = new StoreUnavailable('SQLite: disk I/O error at /var/lib/discue.db')
  assert.deepEqual(await health.ready(), { ready: false, reason: 'the store cannot be written' })
  const shared = given(true)
  shared.state.error = new Error('secret')
  assert.deepEqual(await shared.health.ready(), { ready: false, reason: 'the store cannot be written' })
})
