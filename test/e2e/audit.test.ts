import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../../scripts/audit.mjs', import.meta.url))
const BULK = '/-/npm/v1/security/advisories/bulk'

/** A registry that knows these advisories; null: it cannot be asked for any. */
async function openRegistry(t: TestContext, advisories: object | null): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    const known = request.url === BULK ? advisories : packument(request.url!.slice(1))
    if (known === null) response.writeHead(405).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(known))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What a registry says of a package, which npm asks for where one is vulnerable. */
function packument(name: string): object {
  return { name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': { name, version: '1.0.0' } } }
}

async function audit(registry: string): Promise<{ code: number; said: string }> {
  const env = {
    ...process.env,
    npm_config_registry: registry,
    npm_config_fetch_retries: '0',
    npm_config_cache: '/nowhere',
  }
  const child = spawn(process.execPath, [SCRIPT], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)))
  const [code] = await once(child, 'close')
  return { code: code as number, said }
}

test('the audit passes where nothing is known', async (t) => {
  const { code, said } = await audit(await openRegistry(t, {}))
  assert.equal(code, 0, said)
  assert.equal(said.match(/no known vulnerabilities/g)?.length, 3, said)
})

test('the audit fails where a package is known to be vulnerable, and names it', async (t) => {
  const advisory = {
    id: 1,
    title: 'bad',
    severity: 'high',
    vulnerable_versions: '*',
    url: 'https://example.com',
    cwe: [],
  }
  const { code, said } = await audit(await openRegistry(t, { fastify: [advisory] }))
  assert.equal(code, 1, said)
  assert.match(said, /audit of \.: .*fastify .*\(high\)/)
})

test('a registry that cannot be asked fails nothing, and is said in one line each', async (t) => {
  const { code, said } = await audit(await openRegistry(t, null))
  assert.equal(code, 0, said)
  assert.equal(said.match(/^audit of \S+: not done, the registry could not be asked: .*405/gm)?.length, 3, said)
  assert.equal(said.trim().split('\n').length, 3, said)
})
