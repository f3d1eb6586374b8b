import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { sharedApi } from '../support/server/api.ts'

const SCRIPT = 'console.log("ready")\n'.repeat(20)
const PAGE = '<!doctype html><meta property="csp-nonce" nonce="__NONCE__"><script src="./assets/index-1.js"></script>'

const folder = mkdtempSync(join(tmpdir(), 'discue-dashboard-'))
after(() => rmSync(folder, { recursive: true }))

function build(): void {
  mkdirSync(join(folder, 'assets'), { recursive: true })
  const put = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content)
  put('assets/index-1.js', SCRIPT)
  put('assets/index-1.js.br', brotliCompressSync(SCRIPT))
  put('assets/index-1.js.gz', gzipSync(SCRIPT))
  put('assets/geist-1.woff2', 'a font')
  put('assets/notes.txt', 'not a part of it')
  put('index.html', PAGE)
}

const api = await sharedApi({ dashboardFolder: folder })
const get = (url: string, headers = {}) => api.inject({ method: 'GET', url, headers })

test('a server without a built dashboard says how to build it, and has it as soon as it is there', async () => {
  const missing = await get('/')
  assert.equal(missing.statusCode, 501)
  assert.match(missing.json().detail, /npm run build:dashboard/)
  assert.equal((await get('/assets/index-1.js')).statusCode, 404)
  const page = await get('/', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
  assert.equal(page.statusCode, 200)
  assert.match(page.headers['content-type'] as string, /^text\/html/)
  assert.match(page.body, /not built yet(.|\n)*npm run build:dashboard/)
  assert.match(page.body, /http-equiv="refresh"/)
  build()
  assert.equal((await get('/')).statusCode, 200)
})

test('the page needs no key, may load nothing from elsewhere, and has another nonce each time', async () => {
  const [first, second] = [await get('/'), await get('/')]
  const nonces = [first, second].map(({ headers, body }) => {
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /^default-src 'self'; script-src 'self'; /)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1]
    assert.ok(nonce !== undefined && body.includes(`nonce="${nonce}"`))
    return nonce
  })
  assert.notEqual(nonces[0], nonces[1])
})

for (const [accepted, encoding, file] of [
  ['gzip, deflate, br', 'br', brotliCompressSync(SCRIPT)],
  ['gzip, br;q=0', 'gzip', gzipSync(SCRIPT)],
  ['identity', undefined, Buffer.from(SCRIPT)],
  ['', undefined, Buffer.from(SCRIPT)],
] as const) {
  test(`a file is sent as ${encoding ?? 'it is'} to whoever accepts "${accepted}", to be kept for good`, async () => {
    const { headers, rawPayload, statusCode } = await get('/assets/index-1.js', { 'accept-encoding': accepted })
    assert.equal(statusCode, 200)
    assert.equal(headers['content-encoding'], encoding)
    assert.deepEqual(rawPayload, file)
    assert.equal(headers['content-type'], 'text/javascript; charset=utf-8')
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(headers.vary, 'accept-encoding')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    const again = await get('/assets/index-1.js', { 'accept-encoding': accepted, 'if-none-match': headers.etag })
    assert.equal(again.statusCode, 304)
    assert.equal(again.rawPayload.length, 0)
  })
}

test('a file has another tag in each encoding, and a tag of another file counts for nothing', async () => {
  const tagOf = async (encoding: string) =>
    (await get('/assets/index-1.js', { 'accept-encoding': encoding })).headers.etag
  assert.notEqual(await tagOf('br'), await tagOf('gzip'))
  assert.equal((await get('/assets/index-1.js', { 'if-none-match': '"another"' })).statusCode, 200)
  assert.equal((await get('/assets/geist-1.woff2')).headers['content-type'], 'font/woff2')
})

test('only what was built as a part of it is served', async () => {
  for (const name of ['notes.txt', 'index-1.js.br', 'index-2.js', '..%2Findex.html', '..%2F..%2Fetc%2Fpasswd', '']) {
    assert.equal((await get(`/assets/${name}`)).statusCode, 404, name)
  }
})

test('HEAD is GET without a body, and other methods are refused with those that there are', async () => {
  for (const url of ['/', '/assets/index-1.js']) {
    const head = await api.inject({ method: 'HEAD', url })
    assert.equal(head.statusCode, 200)
    assert.equal(head.body, '')
    const post = await api.inject({ method: 'POST', url })
    assert.equal(post.statusCode, 405)
    assert.equal(post.headers.allow, 'GET, HEAD')
  }
})
