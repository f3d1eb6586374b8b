import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { apiPages } from '../../scripts/api-pages.mjs'
import { createProgram } from '../../src/cli/program.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const description = JSON.parse(read('docs/api/openapi.json'))

test('every setting of the server is explained, and nothing that is none', () => {
  const page = read('docs/reference/configuration.md')
  const known = new Set(`${read('src/config/config.ts')}${read('src/config/sources.ts')}`.match(/\bDISCUE_[A-Z_]+\b/g))
  const explained = new Set(page.match(/\bDISCUE_[A-Z_]+[A-Z]\b/g))
  assert.deepEqual(
    [...known].filter((name) => name !== 'DISCUE_' && !explained.has(name)),
    [],
  )
  assert.deepEqual(
    [...explained].filter((name) => !known.has(name)),
    [],
  )
})

test('every command is listed, with its subcommands', () => {
  const page = read('docs/reference/command-line.md')
  for (const command of createProgram().commands) {
    if (command.name().startsWith('_')) continue
    const row = page.split('\n').find((line) => line.startsWith(`| \`discue ${command.name()}\``))
    assert.ok(row !== undefined, command.name())
    for (const { _name: name } of command.commands as unknown as { _name: string }[]) {
      assert.ok(row.includes(`\`${name}\``), `${command.name()} ${name}`)
    }
  }
})

test('every operation has its place on a page, and no page shows braces that the generator would run', () => {
  const pages = apiPages(description)
  const all = [...pages.values()].join('\n')
  for (const [path, methods] of Object.entries(description.paths as Record<string, object>)) {
    for (const method of Object.keys(methods)) {
      if (method !== 'parameters') assert.ok(all.includes(`\`${method.toUpperCase()} ${path}\``), `${method} ${path}`)
    }
  }
  for (const [name, text] of pages) {
    const tags = text.replace(/```[\s\S]*?```/g, '').match(/<(?!\/?(?:code|br)\b)[^>]*>/g)
    assert.deepEqual(tags, null, `${name}: what the page would read as tags`)
  }
  for (const [name, text] of pages) assert.ok(!/\{\{/.test(text.replace(/```[\s\S]*?```/g, '')), name)
  // A sign of HTML in a piece of code would begin an element that never ends.
  for (const [, code] of all.matchAll(/<code v-pre>(.*?)<\/code>/g)) assert.doesNotMatch(code!, /[<>]/)
})
