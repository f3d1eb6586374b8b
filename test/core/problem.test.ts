import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invalid, nameTaken, Problem, type ProblemCode, problems } from '../../src/core/problem.ts'

/** Every status that the contract knows, and no other. */
const STATUSES = [400, 401, 402, 403, 404, 405, 406, 409, 413, 415, 422, 423, 429, 500, 501, 503]
const codes = Object.keys(problems) as ProblemCode[]

for (const code of codes) {
  test(`${code} has a status of the contract and says what is wrong`, () => {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/)
    assert.ok(STATUSES.includes(problems[code].status), String(problems[code].status))
    assert.ok(problems[code].detail.length >= 10)
  })

  test(`${code} becomes an error that carries its status and detail`, () => {
    const problem = new Problem(code)
    assert.ok(problem instanceof Error)
    const { status, detail } = problems[code]
    assert.deepEqual([problem.code, problem.status, problem.detail, problem.message], [code, status, detail, detail])
    assert.equal(problem.errors, undefined)
  })

  test(`${code} says when to come back exactly where trying again soon may help`, () => {
    const passes = problems[code].status === 503 || code === 'key_running'
    assert.equal('retry-after' in new Problem(code).headers, passes)
  })
}

test('no two problems say the same', () => {
  assert.equal(new Set(codes.map((code) => problems[code].detail)).size, codes.length)
})

test('a problem can say more than the catalogue', () => {
  const cause = new Error('disk full')
  const problem = new Problem('store_unavailable', { detail: 'wait a little', headers: { 'retry-after': '5' }, cause })
  assert.equal(problem.detail, 'wait a little')
  assert.deepEqual(problem.headers, { 'retry-after': '5' })
  assert.equal(problem.cause, cause)
})

test('an invalid property is a 422 that points at it', () => {
  const problem = invalid('/notify_url', 'must be an absolute http or https URL')
  assert.deepEqual([problem.code, problem.status], ['invalid', 422])
  assert.deepEqual(problem.errors, [{ path: '/notify_url', message: 'must be an absolute http or https URL' }])
})

test('a name that is taken is a 422 that points at the name and names the sibling', () => {
  const problem = nameTaken('queue')
  assert.deepEqual([problem.code, problem.status], ['name_taken', 422])
  assert.deepEqual(problem.errors, [{ path: '/name', message: 'another queue has this name' }])
})
