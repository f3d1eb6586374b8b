import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { request } from 'node:https'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { makeCertificate, NO_OPENSSL } from '../support/server/certificate.ts'
import { makeFolder, runUntilExit, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const [own, other] = [makeCertificate(), makeCertificate()]
const folder = makeFolder()
after(() => folder[Symbol.dispose]())
const database = { DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}` }

function file(name: string, text: string): string {
  const path = join(folder.path, name)
  writeFileSync(path, text)
  return path
}

describe('a server with a certificate', { skip: own === null ? NO_OPENSSL : false }, () => {
  const paths = own && {
    DISCUE_TLS_CERT: file('cert.pem', own.cert),
    DISCUE_TLS_KEY: file('key.pem', own.key),
  }

  test('is at an https address, and stops in order while a session of HTTP/2 is open', async () => {
    const server = await startServerProcess({ ...database, ...paths, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
    assert.match(server.url, /^https:\/\//)
    const ask = { ca: own!.cert, headers: { 'x-api-key': TEST_ROOT_KEY } }
    const [response] = await once(request(`${server.url}/v1/queues`, ask).end(), 'response')
    assert.equal(response.statusCode, 200)
    response.resume()
    const session = connect(server.url, { ca: own!.cert })
    await once(session, 'connect')
    assert.equal(await server.end('SIGTERM'), 0)
    session.destroy()
  })

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['a certificate without a key', { DISCUE_TLS_CERT: 'a.pem' }, /go together; DISCUE_TLS_KEY is missing/],
    ['a key without a certificate', { DISCUE_TLS_KEY: 'a.pem' }, /go together; DISCUE_TLS_CERT is missing/],
    ['a file that is not there', { ...paths, DISCUE_TLS_CERT: '/no/where.pem' }, /DISCUE_TLS_CERT: .* \(ENOENT\)/],
    [
      'a file of something else',
      { ...paths, DISCUE_TLS_CERT: file('a.pem', 'text') },
      /CERT: .* no certificate in PEM/,
    ],
    ['a key that is none', { ...paths, DISCUE_TLS_KEY: file('b.pem', 'text') }, /KEY: .* no private key .*in PEM/],
    [
      'the key of another certificate',
      { ...paths, DISCUE_TLS_KEY: file('other.pem', other?.key ?? '') },
      /DISCUE_TLS_KEY: this key is not the one of the certificate/,
    ],
  ]
  for (const [what, env, line] of wrong) {
    test(`does not start with ${what}, and says so in one line`, async () => {
      const { code, stderr } = await runUntilExit({ ...database, ...env })
      assert.equal(code, 2)
      assert.match(stderr, line)
      assert.equal(stderr.trim().split('\n').length, 1, stderr)
    })
  }
})
