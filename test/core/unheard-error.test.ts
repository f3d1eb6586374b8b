import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consequenceOf } from '../../src/core/unheard-error.ts'
import { StoreUnavailable } from '../../src/store/store.ts'

const error = (fields: object, message = 'said') => Object.assign(new Error(message), fields)

const CASES: [what: string, thrown: unknown, consequence: 'go on' | 'stop'][] = [
  ['a peer that resets', error({ code: 'ECONNRESET', syscall: 'read', errno: -104 }), 'go on'],
  ['a peer that is gone', error({ code: 'EPIPE', syscall: 'write', errno: -32 }), 'go on'],
  ['a peer that does not answer', error({ code: 'ETIMEDOUT', syscall: 'connect' }), 'go on'],
  ['a peer that does not listen', error({ code: 'ECONNREFUSED', syscall: 'connect', port: 80 }), 'go on'],
  ['a network that is gone', error({ code: 'ENETUNREACH', syscall: 'connect' }), 'go on'],
  ['a name that is not known', error({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 'go on'],
  ['a stream of HTTP/2 that was reset', error({ code: 'ERR_HTTP2_STREAM_ERROR' }), 'go on'],
  ['a handshake that failed', error({ code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', library: 'SSL routines' }), 'go on'],
  ['an answer that is not HTTP', error({ code: 'HPE_INVALID_CONSTANT' }), 'go on'],
  ['a body that ended too early', error({ code: 'ERR_STREAM_PREMATURE_CLOSE' }), 'go on'],
  ['a fault of the program', new TypeError('undefined is not a function'), 'stop'],
  ['an assertion', error({ code: 'ERR_ASSERTION' }), 'stop'],
  ['a write after the end', error({ code: 'ERR_STREAM_WRITE_AFTER_END' }), 'stop'],
  ['an argument of the wrong type', error({ code: 'ERR_INVALID_ARG_TYPE' }), 'stop'],
  ['a file that cannot be read', error({ code: 'EIO', syscall: 'read' }), 'stop'],
  ['a full disk', error({ code: 'ENOSPC', syscall: 'write' }), 'stop'],
  ['a file of a connection’s code', error({ code: 'ETIMEDOUT', syscall: 'open', path: '/nfs/file' }), 'stop'],
  ['a thread without memory', error({ code: 'ERR_WORKER_OUT_OF_MEMORY' }), 'stop'],
  ['a store that is away', new StoreUnavailable('away'), 'stop'],
  ['a code that is a number', error({ code: 104 }), 'stop'],
  ['a text', 'ECONNRESET', 'stop'],
  ['nothing', undefined, 'stop'],
]

for (const [what, thrown, consequence] of CASES) {
  test(`of ${what} that no listener hears, the consequence is to ${consequence}`, () => {
    assert.equal(consequenceOf(thrown), consequence)
  })
}
