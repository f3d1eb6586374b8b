import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..')
const PROGRAMS = ['{src,test,bench,torture,examples}/**/*.ts', 'dashboard/{src,test}/**/*.{ts,tsx}', 'scripts/**/*.mjs']
/** Not the migrations: those that have landed are never changed. */
const ROUTINES = ['src/store-postgres/routines/*.sql']
/** A block of documentation, or lines of `//` that follow each other. */
const COMMENT = /^[ \t]*\/\*\*([\s\S]*?)\*\/|((?:^[ \t]*\/\/.*\n)+)/gm
/** Lines of `--` that follow each other. */
const SQL_COMMENT = /((?:^[ \t]*--.*\n)+)/gm
const NAMELESS = 'somebody|nobody|whoever|others|everybody|anybody'
/** Where a subject stands: at the beginning of a sentence or clause, or after a conjunction. */
const AS_SUBJECT = new RegExp(
  `(?:^|[.:;,]\\s+|\\b(?:and|or|where|while|because|before|once|if|when|until|unless|that|so|than|for|as)\\s+)(?:${NAMELESS})\\b`,
  'i',
)

function commentsIn(patterns: string[], form: RegExp) {
  return globSync(patterns, { cwd: ROOT }).flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(form)].map((match) => ({ path, text: bare(match) })),
  )
}

function bare([, first, second]: RegExpExecArray): string {
  const lines = (first ?? second)!.replace(/^[ \t]*(?:\*|\/\/|--)?[ \t]?/gm, '')
  return lines.replace(/\s+/g, ' ').trim()
}

describe('a comment is read by itself', () => {
  const comments = [...commentsIn(PROGRAMS, COMMENT), ...commentsIn(ROUTINES, SQL_COMMENT)]

  test('there are comments to look at', () => {
    for (const folder of ['src/', 'test/', 'bench/', 'dashboard/', 'src/store-postgres/routines/'])
      assert.ok(comments.filter(({ path }) => path.startsWith(folder)).length > 10, folder)
  })

  test('none begins with "The same", which says nothing to who reads it in an editor', () => {
    assert.deepEqual(
      comments.filter(({ text }) => /^The same\b/.test(text)),
      [],
    )
  })

  test('none speaks of somebody, nobody, whoever or others as the one who acts', () => {
    assert.deepEqual(
      comments.filter(({ text }) => AS_SUBJECT.test(text)),
      [],
    )
  })
})
