import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { LAYERS } from '../support/source/architecture.ts'
import { foldersOf, layersOf, pathsIn } from '../support/source/map-page.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const page = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
// Git's own list: what a build or a test leaves behind is no part of the tree.
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)))

/** Folders whose files are numbered, or written by a program. */
const MAY_BE_LARGE = /\/(migrations|decisions|results)$/
const MOST_FILES = 20

describe('the map', () => {
  const named = foldersOf(page)
  const all = new Set(files.flatMap((file) => ancestors(file)))

  test('every folder that it names is there', () => {
    assert.deepEqual(
      named.filter((folder) => !all.has(folder)),
      [],
    )
  })

  test('every folder of the sources, the pages, the measurements and the torture is named', () => {
    const mapped = [...all].filter((folder) => /^(src|bench|torture|dashboard\/src)(\/|$)/.test(folder))
    assert.deepEqual(
      mapped.filter((folder) => !named.includes(folder)),
      [],
    )
  })

  test('its table of layers is the one that imports are held to', () => {
    // The small files of src/ are in no row: the page says what they are.
    const shown = (name: string) => name === 'server.ts' || !name.endsWith('.ts')
    const held = Object.entries(LAYERS).filter(([layer]) => shown(layer))
    const sorted = (rows: [string, readonly string[]][]) =>
      Object.fromEntries(rows.map(([layer, imports]) => [layer, imports.filter(shown).toSorted()]))
    assert.deepEqual(sorted(Object.entries(layersOf(page))), sorted(held))
  })

  test('every file that it sends a reader to is there', () => {
    const missing = pathsIn(page).filter((path) => !existsSync(join(ROOT, path)))
    assert.deepEqual(missing, [])
  })
})

test('no folder holds more files than a head does', () => {
  const count = new Map<string, number>()
  for (const file of files) count.set(dirname(file), (count.get(dirname(file)) ?? 0) + 1)
  const large = [...count].filter(
    ([folder, many]) =>
      /^(src|test|bench|torture|dashboard)(\/|$)/.test(folder) && !MAY_BE_LARGE.test(folder) && many > MOST_FILES,
  )
  assert.deepEqual(large, [])
})

function ancestors(file: string): string[] {
  const folder = dirname(file)
  return folder === '.' ? [] : [folder, ...ancestors(folder)]
}
