import { type ProblemCode, problems, Problem as Thrown } from '../../core/problem.ts'
import { presentProblem, titleOf } from '../present/problems.ts'
import { Problem } from '../present/schemas.ts'
import { type Circumstances, causesOf } from './causes.ts'
import type { Components } from './components.ts'
import { pascal } from './names.ts'
import type { Node } from './node.ts'

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

/** How answers that went well are shown. */
interface Answer {
  /** What their schema is called where it has no title. */
  name: string | undefined
  exampleFor: (schema: Node) => unknown
}

/** What an operation answers: what its schema says by exact status, and the problems that it can meet. */
export function responsesOf(
  schemas: Node,
  at: Circumstances,
  components: Components,
  { name, exampleFor }: Answer,
): Node {
  const responses: Record<string, Node> = {}
  for (const [status, schema] of Object.entries(schemas)) {
    // `4xx` and `5xx` only tell the serializer how problems look.
    if (/^\d{3}$/.test(status))
      responses[status] = answer(Number(status), schema as Node, components, { name, exampleFor })
  }
  for (const [status, codes] of causesOf(at)) responses[status] ??= problemAnswer(status, codes, components)
  return responses
}

function answer(status: number, schema: Node, components: Components, as: Answer): Node {
  const description = String(schema.description ?? (status === 200 ? 'OK' : titleOf(status)))
  return { description, headers: headersOf(status), content: contentOf(schema, components, as) }
}

/** The router's own form for answers that are not JSON: `{ content: { 'text/html': { schema } } }`. */
function contentOf(schema: Node, components: Components, { name, exampleFor }: Answer): Node {
  const given = schema.content as Record<string, { schema: Node }> | undefined
  const all = given ?? { 'application/json': { schema } }
  return Object.fromEntries(
    Object.entries(all).map(([type, media]) => [
      type,
      { schema: components.schema(media.schema, name), example: exampleFor(media.schema) },
    ]),
  )
}

/** One answer for each status, which names every problem of it; what the operation can meet stands beside the reference. */
function problemAnswer(status: number, codes: readonly ProblemCode[], components: Components): Node {
  const reference = components.response(pascal(titleOf(status)), () => ({
    description: titleOf(status),
    headers: headersOf(status),
    content: {
      'application/json': {
        schema: components.schema(Problem),
        examples: Object.fromEntries(
          codesOf(status).map((code) => [code, { value: presentProblem(new Thrown(code)) }]),
        ),
      },
    },
  }))
  return { ...reference, description: codes.map((code) => problems[code].detail).join('; or: ') }
}

function codesOf(status: number): ProblemCode[] {
  return (Object.keys(problems) as ProblemCode[]).filter((code) => problems[code].status === status)
}

function headersOf(status: number): Node {
  const names = PASSING.has(status) ? ['X-Request-Id', 'Retry-After'] : ['X-Request-Id']
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}
