import assert from 'node:assert/strict'
import { Compile, type XSchema } from 'typebox/schema'
import type { TestApi } from '../server/api.ts'

/** A JSON Schema of the document. */
export type Rule = { readonly [keyword: string]: unknown }

export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  schema: Rule
}

/** Media types with their schemas and examples. */
export type Content = Record<string, { schema: Rule; example?: unknown; examples?: Record<string, { value: unknown }> }>

/** One operation of the description that the server gives of itself, with every reference followed. */
export interface Operation {
  operationId: string
  summary: string
  tags: string[]
  method: string
  path: string
  security: unknown[] | undefined
  parameters: Parameter[]
  body: Content[string] | undefined
  requestBody?: { required: boolean }
  /** By status. */
  responses: Record<string, { description: string; content?: Content }>
}

export interface Description {
  document: Json
  operations: Operation[]
  /** Why a value is not what the schema says, or null where it is. */
  fault(schema: Rule, value: unknown): string | null
}

// biome-ignore lint/suspicious/noExplicitAny: a document of another's shape, looked into by the tests
type Json = any

/** Asks a server for its description, at an address of its own where one is given. */
export async function readDescription(api: Pick<TestApi, 'inject'>, address?: string): Promise<Description> {
  const host = address === undefined ? 'localhost' : new URL(address).host
  const response = await api.inject({ method: 'GET', url: '/openapi.json', headers: { host } })
  assert.equal(response.statusCode, 200)
  const document = response.json()
  const operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods)
      // A stream has no end to wait for: its own test reads it.
      .filter(([, { responses }]) => responses[200]?.content?.['text/event-stream'] === undefined)
      .map(([method, operation]) => operationOf(document, path, method, operation)),
  )
  return { document, operations, fault: createFaultFinder(document) }
}

function operationOf(document: Json, path: string, method: string, given: Json): Operation {
  const responses = Object.entries<Json>(given.responses).map(([status, one]) => [status, follow(document, one)])
  return {
    ...given,
    method: method.toUpperCase(),
    path,
    body: given.requestBody?.content['application/json'],
    responses: Object.fromEntries(responses),
  }
}

function follow(document: Json, node: Json): Json {
  if (node.$ref === undefined) return node
  const { $ref, ...beside } = node
  return { ...pointedAt(document, $ref), ...beside }
}

function pointedAt(document: Json, ref: string): Json {
  return ref
    .slice(2)
    .split('/')
    .reduce((inside, step) => inside[step], document)
}

/** The schema without references, for validators and generators that know nothing of the document. */
export function inlined(document: Json, schema: Rule): Rule {
  const within = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(within)
    if (typeof value !== 'object' || value === null) return value
    if (typeof value.$ref === 'string') return within(pointedAt(document, value.$ref))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, within(inner)]))
  }
  return within(schema)
}

function createFaultFinder(document: Json): Description['fault'] {
  const compiled = new Map<Rule, ReturnType<typeof Compile>>()
  return (schema, value) => {
    let validator = compiled.get(schema)
    if (validator === undefined) {
      validator = Compile(inlined(document, schema) as XSchema)
      compiled.set(schema, validator)
    }
    if (validator.Check(value)) return null
    const [, errors] = validator.Errors(value)
    return JSON.stringify(errors.slice(0, 3))
  }
}
