import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findBinaries } from '../support/postgres/postgres-binaries.ts'
import { MISSING, startPostgres } from '../support/postgres/postgres-server.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { type Step, stepsOf } from '../support/source/doc-blocks.ts'
import { DocPage } from '../support/source/doc-page.ts'

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url))
/** Decisions are no instructions, and the reference is made from the API's own description, which has its tests. */
const NOT_PAGES = /^(decisions|api|node_modules|reference\/api)\//
const PAGES = globSync('**/*.md', { cwd: DOCS, exclude: ['node_modules'] }).filter((path) => !NOT_PAGES.test(path))

/** What a page needs beside bash and Node.js, and this machine may not have. */
const TOOLS: Record<string, string[]> = {
  curl: ['--version'],
  python3: ['--version'],
  go: ['version'],
  openssl: ['version'],
  jq: ['--version'],
}

for (const path of ['../README.md', ...PAGES.sort()]) {
  const steps = stepsOf(readFileSync(join(DOCS, path), 'utf8'))
  if (steps.length > 0)
    describe(`${join('docs', path)}, pasted block by block`, { skip: lacking(steps) }, () => runPage(steps))
}

function runPage(steps: readonly Step[]): void {
  test('does what it says', { timeout: 600_000 }, async (t) => {
    const folder = makeFolder()
    const startsOne = steps.some((step) => step.kind === 'shell' && /\bnpm start\b/.test(step.text))
    const env = { DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }
    const server = startsOne ? null : await startServerProcess(env)
    const postgres = usesPostgres(steps) ? await startPostgres() : null
    const page = new DocPage({
      ...(server !== null && { 3000: new URL(server.url).port }),
      ...(postgres !== null && { 5432: String(postgres.port) }),
    })
    try {
      for (const step of steps) {
        t.diagnostic(nameOf(step))
        await page.run(step).catch((cause: Error) => {
          throw new Error(`${nameOf(step)}: ${cause.message}`, { cause })
        })
      }
    } finally {
      await page.close()
      await server?.end('SIGTERM')
      await postgres?.remove()
      folder[Symbol.dispose]()
    }
  })
}

function nameOf({ kind, line, text }: Step): string {
  return `line ${line}: ${kind} ${text.trim().split('\n')[0]}`
}

function usesPostgres(steps: readonly Step[]): boolean {
  return steps.some(({ text }) => text.includes('postgres://'))
}

function lacking(steps: readonly Step[]): string | false {
  if (usesPostgres(steps) && findBinaries() === null) return MISSING
  const all = steps.map(({ text, kind }) => (kind === 'json' ? '' : text)).join('\n')
  if (/^from cryptography\b/m.test(all) && spawnSync('python3', ['-c', 'import cryptography']).status !== 0) {
    return 'this page uses the Python package cryptography, which this machine lacks'
  }
  const missing = Object.entries(TOOLS).filter(
    ([tool, args]) => new RegExp(`\\b${tool}\\b`).test(all) && spawnSync(tool, args).status !== 0,
  )
  return missing.length > 0 && `this page uses ${missing.map(([tool]) => tool).join(', ')}, which this machine lacks`
}

describe('the reader of pages', () => {
  test('tells what is run from what is only shown', () => {
    const page = [
      '```bash\necho 1\n```',
      '```bash background\nsleep 9\n```',
      '```js [a.mjs]\n1\n```',
      '```python\n2\n```',
      '```text\nshown\n```',
      '```json\n{}\n```',
      '<!-- expect: something -->',
    ].join('\n\n')
    assert.deepEqual(stepsOf(page), [
      { kind: 'shell', line: 1, text: 'echo 1\n', background: false },
      { kind: 'shell', line: 5, text: 'sleep 9\n', background: true },
      { kind: 'file', line: 9, text: '1\n', name: 'a.mjs' },
      { kind: 'program', line: 13, text: '2\n', language: 'python' },
      { kind: 'json', line: 21, text: '{}\n' },
      { kind: 'expect', line: 25, text: 'something' },
    ])
  })

  test('refuses a block that nobody runs and nothing excuses', () => {
    assert.throws(() => stepsOf('```ruby\nputs 1\n```'), /a block in "ruby" is neither run nor marked/)
    assert.throws(() => stepsOf('```\nplain\n```'), /a block in "" is neither run nor marked/)
    assert.throws(() => stepsOf('```bash\necho 1'), /does not end/)
  })
})
