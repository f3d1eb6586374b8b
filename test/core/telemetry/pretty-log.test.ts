import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prettyLine } from '../../../src/core/telemetry/pretty-log.ts'

const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
const pretty = (fields: object, colours = false) =>
  prettyLine(`${JSON.stringify({ level: 30, time: TIME, msg: 'ready', ...fields })}\n`, { colours })

test('a line has the time, the level, the message and its fields', () => {
  const line = pretty({ level: 40, queue: 'orders', count: 3, why: 'two words', missed: ['a'], none: null })
  assert.equal(line, '03:04:05.006 warn  ready queue=orders count=3 why="two words" missed=["a"] none=null\n')
})

test('an error shows its stack below', () => {
  const line = pretty({ level: 50, err: { type: 'Error', message: 'no', stack: 'Error: no\n    at x.ts:1' } })
  assert.equal(line, '03:04:05.006 error ready\n    Error: no\n    at x.ts:1\n')
  assert.equal(pretty({ err: 'text only' }), '03:04:05.006 info  ready err="text only"\n')
})

test('colours are for terminals alone', () => {
  assert.ok(pretty({}, true).includes('\u001b[32m'))
  assert.ok(!pretty({}).includes('\u001b'))
})

test('what a receiver has sent cannot move the cursor, begin a line or turn the text around', () => {
  const bad = 'a\u001b[2Jb\nc\u202ed\u0007'
  const lines = [pretty({ bad }), pretty({ msg: bad }), pretty({ [bad]: 1 }), pretty({ all: [bad] })]
  for (const line of lines) {
    assert.equal(line.split('\n').length, 2, line)
    assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\u202a-\u202e]/u)
  }
  assert.ok(!pretty({ err: { stack: `x\u001b[2J` } }).includes('\u001b'))
})
