import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startServer } from '../../src/embedded.ts'
import { makeFolder } from '../support/server/server-process.ts'

const BROWSER = '/usr/bin/chromium'
const skip = existsSync(BROWSER) ? false : `there is no ${BROWSER} here`
const run = promisify(execFile)

/** The page as a browser has made it, once it asks for nothing more. */
async function drawn(url: string, profile: string): Promise<string> {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=20000', '--dump-dom']
  return (await run(BROWSER, [...flags, `--user-data-dir=${profile}`, url], { maxBuffer: 2 ** 27 })).stdout
}

test('the reference draws every operation, and its request in each language', { skip, timeout: 120_000 }, async (t) => {
  await using server = await startServer({ logLevel: 'silent' })
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const { paths } = JSON.parse(readFileSync(new URL('../../docs/api/openapi.json', import.meta.url), 'utf8'))
  const operations = Object.values<object>(paths).flatMap((methods) => Object.values(methods))
  const page = await drawn(`${server.url}/reference`, folder.path)
  assert.ok(page.includes(`>${operations.length} operations<`), /id="state"[^>]*>([^<]*)/.exec(page)?.[1] ?? 'no state')
  for (const { operationId } of operations) assert.ok(page.includes(`<article id="${operationId}"`), operationId)
  for (const language of ['curl', 'TypeScript', 'Python', 'Go'])
    assert.equal(page.split(`data-language="${language}"`).length - 1, operations.length, language)
})
