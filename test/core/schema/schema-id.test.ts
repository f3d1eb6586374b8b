import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Schema } from '../../../src/core/schema/schema.ts'
import { schemaId } from '../../../src/core/schema/schema-id.ts'

test('the id is the SHA-256 of the canonical JSON, in hex', () => {
  // printf '%s' '{"name":{"max":10,"type":"string"},"total":{"min":0,"type":"number"}}' | sha256sum
  const schema: Schema = { total: { type: 'number', min: 0 }, name: { type: 'string', max: 10 } }
  assert.equal(schemaId(schema), 'b4b218a558a50d291b7c495c8e5919f35527e39fa83ba10a2872c4e198ee4c12')
})

test('the order of the properties and members makes no difference', () => {
  const one = JSON.parse('{"a":{"type":"string","min":1},"b":{"type":"number"}}')
  const other = JSON.parse('{"b":{"type":"number"},"a":{"min":1,"type":"string"}}')
  assert.equal(schemaId(one), schemaId(other))
})

test('the order of an enum makes a difference, for it is an array', () => {
  const ofOrder = (...values: string[]) => schemaId({ a: { type: 'string', enum: values } })
  assert.notEqual(ofOrder('x', 'y'), ofOrder('y', 'x'))
})

test('a number has one form, however it was written', () => {
  const ofNumber = (text: string) => schemaId(JSON.parse(`{"a":{"type":"number","min":${text}}}`))
  assert.equal(ofNumber('1.0'), ofNumber('1e0'))
  assert.equal(ofNumber('-0'), ofNumber('0'))
  assert.notEqual(ofNumber('1'), ofNumber('1.0000000000000002'))
})

test('a property called __proto__ counts like any other', () => {
  const plain: Schema = { a: { type: 'number' } }
  const odd = JSON.parse('{"a":{"type":"number"},"__proto__":{"type":"string"}}')
  assert.notEqual(schemaId(odd), schemaId(plain))
})
