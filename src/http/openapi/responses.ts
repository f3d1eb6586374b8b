import { type ProblemCode, Problem as Thrown } from '../../core/problem.ts'
import { presentProblem, titleOf } from '../present/problems.ts'
import { Problem } from '../present/schemas.ts'
import { type Circumstances, causesOf } from './causes.ts'
import type { Components, Node } from './components.ts'

/** The headers that answers have, for the document's components. */
export const headerComponents: Record<string, Node> = {
  'X-Request-Id': {
    description: "the caller's own, where it sent a valid one",
    schema: { type: 'string' },
    example: 'checkout-42',
  },
  'Retry-After': { description: 'seconds until it is worth trying again', schema: { type: 'integer' }, example: 1 },
}

/** Answers that say when to come back. */
const PASSING: ReadonlySet<number> = new Set([429, 503])

/** What an operation answers: what its schema says by exact status, and the problems that it can meet. */
export function responsesOf(
  schemas: Node,
  at: Circumstances,
  components: Components,
  exampleFor: (schema: Node) => unknown,
): Node {
  const responses: Record<string, Node> = {}
  for (const [status, schema] of Object.entries(schemas)) {
    // `4xx` and `5xx` only tell the serializer how problems look.
    if (/^\d{3}$/.test(status)) responses[status] = answer(Number(status), schema as Node, components, exampleFor)
  }
  for (const [status, codes] of causesOf(at)) responses[status] ??= problemAnswer(status, codes, components)
  return responses
}

function answer(status: number, schema: Node, components: Components, exampleFor: (schema: Node) => unknown): Node {
  const description = String(schema.description ?? (status === 200 ? 'OK' : titleOf(status)))
  return { description, headers: headersOf(status), content: contentOf(schema, components, exampleFor) }
}

/** The router's own form for answers that are not JSON: `{ content: { 'text/html': { schema } } }`. */
function contentOf(schema: Node, components: Components, exampleFor: (schema: Node) => unknown): Node {
  const given = schema.content as Record<string, { schema: Node }> | undefined
  const all = given ?? { 'application/json': { schema } }
  return Object.fromEntries(
    Object.entries(all).map(([type, media]) => [
      type,
      { schema: components.schema(media.schema), example: exampleFor(media.schema) },
    ]),
  )
}

/** The same for all operations that can meet the same problems. */
function problemAnswer(status: number, codes: readonly ProblemCode[], components: Components): Node {
  const problems = codes.map((code) => ({ code, body: presentProblem(new Thrown(code)) }))
  return components.response(`${status}.${codes.join('.')}`, () => ({
    description: problems.map(({ body }) => body.detail).join('; or: '),
    headers: headersOf(status),
    content: {
      'application/json': {
        schema: components.schema(Problem),
        examples: Object.fromEntries(problems.map(({ code, body }) => [code, { value: body }])),
      },
    },
  }))
}

function headersOf(status: number): Node {
  const names = PASSING.has(status) ? ['X-Request-Id', 'Retry-After'] : ['X-Request-Id']
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}
