import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutcomeUnknown, problemOfStore, StoreUnavailable } from '../../src/store/store.ts'

test('a client is told that nothing was stored only where that is known', () => {
  const away = problemOfStore(new StoreUnavailable('away'))
  assert.equal(away.status, 503)
  assert.match(away.detail, /nothing was stored/)
  const unknown = problemOfStore(new OutcomeUnknown('lost'))
  assert.equal(unknown.status, 503)
  assert.match(unknown.detail, /the outcome is unknown/)
  assert.doesNotMatch(unknown.detail, /nothing was stored/)
  assert.equal(unknown.headers['retry-after'], '1')
})
