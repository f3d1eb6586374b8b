import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Outcome } from '../../../src/core/delivery/attempt.ts'
import { checkReport, type Marks, PHASES } from '../../../src/core/delivery/preflight.ts'

const at = { literal: false, secure: true, addresses: ['192.0.2.1'] }
const outcome = (what: Partial<Outcome>): Outcome => {
  return { startedAt: 1_000, durationMs: 100, status: null, error: null, response: '', directive: null, ...what }
}

test('the phases of an attempt that was acknowledged add up to its duration', () => {
  const marks = { startedAt: 1_000, resolve: 1_004, target: 1_004, connect: 1_020, tls: 1_050 }
  const { passed, phases } = checkReport(marks, outcome({ status: 200 }), at)
  assert.ok(passed)
  assert.deepEqual(
    phases.map(({ name, verdict, durationMs, error }) => [name, verdict, durationMs, error]),
    [
      ['resolve', 'passed', 4, null],
      ['target', 'passed', 0, null],
      ['connect', 'passed', 16, null],
      ['tls', 'passed', 30, null],
      ['send', 'passed', 50, null],
    ],
  )
})

test('an address needs no resolving, and plain HTTP no TLS', () => {
  const marks = { startedAt: 1_000, target: 1_000, connect: 1_010 }
  const { phases } = checkReport(marks, outcome({ status: 204 }), { ...at, literal: true, secure: false })
  assert.deepEqual(
    phases.map(({ verdict }) => verdict),
    ['not_needed', 'passed', 'passed', 'not_needed', 'passed'],
  )
})

test('an answer that is no acknowledgement fails where it was sent', () => {
  const marks = { startedAt: 1_000, resolve: 1_001, target: 1_001, connect: 1_002, tls: 1_003 }
  const { passed, phases, status, response } = checkReport(marks, outcome({ status: 500, response: 'no' }), at)
  assert.deepEqual([passed, status, response], [false, 500, 'no'])
  assert.deepEqual(phases.at(-1), { name: 'send', verdict: 'failed', durationMs: 97, error: null })
})

test('a phase that failed without an answer says why in words, and no other phase does', () => {
  const why = 'a.internal has no address that this server may send to: see DISCUE_TARGETS'
  const marks = { startedAt: 1_000, resolve: 1_001 }
  const { phases } = checkReport(marks, outcome({ error: 'blocked_target', response: why }), at)
  assert.deepEqual(
    phases.flatMap(({ name, error, message }) => (message === undefined ? [] : [[name, error, message]])),
    [['target', 'blocked_target', why]],
  )
})

test('whatever fails, one phase does, the ones before it passed, the ones after it are skipped', () => {
  const property = fc.property(
    fc.nat(4),
    fc.array(fc.nat(50), { minLength: 5, maxLength: 5 }),
    fc.boolean(),
    fc.boolean(),
    (failing, waits, literal, secure) => {
      const marks: Marks = { startedAt: 1_000 }
      let now = 1_000
      for (const [index, name] of PHASES.entries()) {
        now += waits[index]!
        const needed = name === 'resolve' ? !literal : name !== 'tls' || secure
        if (needed && index < failing && name !== 'send') marks[name] = now
      }
      const it = outcome({ error: 'timeout', durationMs: now - 1_000 })
      const report = checkReport(marks, it, { ...at, literal, secure })
      const needed = report.phases.filter(({ verdict }) => verdict !== 'not_needed')
      const verdicts = needed.map(({ verdict }) => verdict)
      assert.equal(report.passed, false)
      assert.match(verdicts.join(), /^(passed,)*failed(,skipped)*$/)
      assert.deepEqual(
        report.phases.filter(({ error }) => error !== null).map(({ verdict, error }) => [verdict, error]),
        [['failed', 'timeout']],
      )
      assert.equal(
        report.phases.reduce((sum, { durationMs }) => sum + durationMs, 0),
        it.durationMs,
      )
    },
  )
  fc.assert(property)
})
