// A regular expression that tries many ways through a text takes a time that grows with the square of its length, or
// worse, and the server has one thread for all. This looks at every one of the source, with a checker made for it. What the
// checker does not see, an expression that is searched for again and again behind its last match, linear.test.ts does.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type AttackPattern, checkSync } from 'recheck'
import { RECEIPT_PATTERN } from '../../src/core/delivery/pull.ts'
import { ID_PATTERN } from '../../src/core/id.ts'
import { NAME_PATTERN } from '../../src/core/name.ts'
import { KEY_PATTERN } from '../../src/core/tenant/api-key.ts'
import { bareSource } from '../support/source/source-reader.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SOURCES = ['src/**/*.ts', 'bin/*.mjs', 'scripts/*.mjs', 'dashboard/src/**/*.ts']
/** Reads nothing but the files of this repository. */
const INWARD = 'scripts/house.mjs'

const OPERATOR = 'a setting or flag of whoever runs the server'
const CALLER = 'an option on the command line of the one who types it'
/** Not linear, and of texts that no stranger chooses: why. */
const ALLOWED: Record<string, string> = {
  '/\\/+$/': OPERATOR,
  '/^postgres(?:ql)?:\\/\\/(?:([^@/?#]*)@)?([^/?#]*)\\/?([^?#]*)(?:\\?([^#]*))?$/': OPERATOR,
  "/^\\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\\s*=\\s*([^\\r\\n]*?)\\s*$/": OPERATOR,
  '/^([^:\\s]+):\\s*(.*)$/': CALLER,
  '/\\[[^\\]]*\\]/g': 'a file of the machine, which its administrator writes',
  '/#.*$/': 'the address of the page itself, in the browser that shows it',
}
/** The texts that `new RegExp` is given, by what they are called there. */
const MADE: Record<string, string> = {
  ID_PATTERN,
  NAME_PATTERN,
  RECEIPT_PATTERN,
  // Of the names of parameters, in the schemas of queries.
  pattern: '^data\\..',
  // Of the paths of the dashboard's own requests.
  '`/queues/(\\\\w+)/${kind}/(\\\\w+)$`': '/queues/(\\w+)/listeners/(\\w+)$',
  '`(${ID_PATTERN})`': `(${ID_PATTERN})`,
  "`\\\\bdiscue\\\\.(${names.join('|')})\\\\(`": '\\bdiscue\\.(one|two)\\(',
}

const sources = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
  .filter((path) => path !== INWARD)
  .map((path) => ({ path, source: readFileSync(`${ROOT}${path}`, 'utf8').replace(/^#!.*/, '') }))

/** What is wrong with an expression; null where it is linear. */
function faultOf(pattern: string, flags: string): string | null {
  const found = checkSync(pattern, flags, { timeout: 60_000 })
  if (found.status === 'safe') return null
  if (found.status === 'unknown') return `not known: ${JSON.stringify(found.error)}`
  // What looks ahead has no automaton: there the checker tries texts, and takes some growth for more than it is.
  const sure = found.checker === 'automaton' || isSlow(new RegExp(pattern, flags), found.attack)
  return sure ? found.complexity.summary : null
}

/** The square of this takes seconds, and reading it once less than a millisecond. */
const LENGTH = 64 * 1024
const SLOW_MS = 50

/** Whether the text that the checker has found holds the expression up, in CPU time of this thread. */
function isSlow(expression: RegExp, { pumps, suffix }: Pick<AttackPattern, 'pumps' | 'suffix'>): boolean {
  const times = LENGTH / pumps.reduce((length, { pump }) => length + pump.length, 1)
  const text = Buffer.from(pumps.map(({ prefix, pump }) => prefix + pump.repeat(times)).join('') + suffix).toString()
  const before = process.threadCpuUsage()
  expression.test(text)
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000 > SLOW_MS
}

test('the checker knows a hostile expression', () => {
  for (const pattern of ['^(a+)+$', '\\s+$', '^(\\w|_)*$']) assert.notEqual(faultOf(pattern, ''), null, pattern)
  assert.equal(faultOf('^a+$', ''), null)
})

test('no regular expression of the source takes longer than its text is long', () => {
  const places = new Map<string, string[]>()
  for (const { path, source } of sources) {
    for (const it of bareSource(source).expressions) places.set(it, [...(places.get(it) ?? []), path])
  }
  assert.ok(places.size > 100, `only ${places.size} were found`)
  for (const allowed of Object.keys(ALLOWED)) assert.ok(places.has(allowed), `${allowed} is not there any more`)
  const faults = [...places].flatMap(([expression, paths]) => {
    const end = expression.lastIndexOf('/')
    const fault = expression in ALLOWED ? null : faultOf(expression.slice(1, end), expression.slice(end + 1))
    return fault === null ? [] : [`${expression} is ${fault}: ${paths.join(', ')}`]
  })
  assert.deepEqual(faults, [])
})

test('nor does one that is made of a text', () => {
  for (const { path, source } of sources) {
    for (const [, made] of source.matchAll(/\bRegExp\((`[^`]*`|\w+)/g)) {
      assert.ok(made! in MADE, `${path}: what is ${made}?`)
    }
  }
  for (const [name, pattern] of Object.entries(MADE)) assert.equal(faultOf(pattern, ''), null, name)
})

test('nor do the patterns that bodies and queries are validated with', () => {
  const document = readFileSync(`${ROOT}docs/api/openapi.json`, 'utf8')
  const patterns = new Set([KEY_PATTERN])
  JSON.parse(document, (name, value) => {
    if (name === 'pattern' && typeof value === 'string') patterns.add(value)
    return value
  })
  assert.ok(patterns.size > 3)
  for (const pattern of patterns) assert.equal(faultOf(pattern, 'u'), null, pattern)
})
