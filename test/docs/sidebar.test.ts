import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(root + path, 'utf8')

/** The pages of the folders that people read; the decisions have a list of their own. */
const pages = globSync('docs/{guides,reference}/*.md', { cwd: root }).map((path) =>
  path.slice('docs'.length, -'.md'.length),
)

test('each page is in the sidebar of the site, and the sidebar has no page that is not there', () => {
  const linked = [...read('docs/.vitepress/config.ts').matchAll(/link: '(\/(?:guides|reference)\/[\w-]+)'/g)]
  assert.deepEqual([...new Set(linked.map(([, link]) => link!))].toSorted(), pages.toSorted())
})

test('each page can be reached from the README or the first page of the documentation', () => {
  const text = read('README.md') + read('docs/index.md')
  const missing = pages.filter((page) => !text.includes(`docs${page}.md`) && !text.includes(page))
  assert.deepEqual(missing, [])
})
