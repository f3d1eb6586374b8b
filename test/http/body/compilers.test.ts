import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lazyCompilers } from '../../../src/http/body/compilers.ts'

type Validator = ((data: unknown) => unknown) & { errors?: { keyword: string }[] }

const route = { method: 'POST', url: '/things' }

test('what checks a body is built when it is first needed, and tells why a body does not fit', () => {
  const compile = lazyCompilers().buildValidator({}, { customOptions: {} })
  const broken = compile({ ...route, httpPart: 'body', schema: { type: 'nonsense' } } as never)
  assert.throws(() => broken({}), /schema is invalid/)
  const schema = { type: 'object', required: ['name'] }
  const validate = compile({ ...route, httpPart: 'body', schema } as never) as Validator
  assert.equal(validate({ name: 'x' }), true)
  assert.equal(validate.errors ?? null, null)
  assert.equal(validate({}), false)
  assert.equal(validate.errors?.[0]?.keyword, 'required')
})

test('what writes an answer is built when it is first needed', () => {
  const compile = lazyCompilers().buildSerializer({}, {})
  const broken = compile({ ...route, httpStatus: '200', schema: { type: 'nonsense' } })
  assert.throws(() => broken({}), /invalid/)
  const schema = { type: 'object', properties: { id: { type: 'string' } } }
  assert.equal(compile({ ...route, httpStatus: '200', schema })({ id: 'a', secret: 'b' }), '{"id":"a"}')
})
