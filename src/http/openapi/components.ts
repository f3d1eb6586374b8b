import { RECEIPT_PATTERN } from '../../core/delivery/pull.ts'
import { NAME_PATTERN, RESERVED_NAMES } from '../../core/name.ts'
import { EXAMPLE_RECEIPT, EXAMPLE_SECRET } from './examples.ts'

/** A JSON Schema, or any other object of the document. */
export interface Node {
  readonly [key: string]: unknown
}

/** What is told once and referred to from everywhere else: schemas that have a `title`, and answers with problems. */
export interface Components {
  /** The schema as the document has it. Throws where two different schemas have the same title. */
  schema(schema: unknown): Node
  /** A reference to an answer; `make` is asked once for each name. */
  response(name: string, make: () => Node): Node
  /** By name, in alphabetical order. */
  all(): { responses: Record<string, Node>; schemas: Record<string, Node> }
}

const SECRET = 'whsec_[A-Za-z0-9+/]{32,86}={0,2}'

/** The server's own formats, in words that every JSON Schema validator knows. */
const FORMATS: Record<string, Node> = {
  name: { pattern: NAME_PATTERN, not: { enum: RESERVED_NAMES } },
  target: { format: 'uri', pattern: '^[Hh][Tt][Tt][Pp][Ss]?://', maxLength: 2048 },
  secret: { pattern: `^${SECRET}$`, examples: [EXAMPLE_SECRET] },
  'secret-or-rotate': { pattern: `^(?:rotate|${SECRET})$`, examples: ['rotate'] },
  'host-name': { minLength: 1, maxLength: 253, pattern: '^[^/:@?#\\\\\\s]+$' },
  receipt: { pattern: RECEIPT_PATTERN, examples: [EXAMPLE_RECEIPT] },
  unicode: {},
}

/** Keywords whose values are data and no schemas. */
const DATA: ReadonlySet<string> = new Set(['examples', 'enum', 'const', 'default', 'required', 'type'])

export function createComponents(): Components {
  const titled = new Map<string, Node>()
  const responses = new Map<string, Node>()

  function schema(value: unknown): Node {
    const node = told(value as Node)
    if (typeof node.title !== 'string') return node
    const known = titled.get(node.title)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(node)) {
      throw new Error(`two schemas have the title ${node.title}`)
    }
    titled.set(node.title, node)
    return { $ref: `#/components/schemas/${node.title}` }
  }

  /** Only what JSON can hold: the library marks its schemas with properties that it hides. */
  function told(node: Node): Node {
    const all: [string, unknown][] = Object.entries(node).flatMap(([keyword, value]) => {
      if (keyword === 'format') return Object.entries(FORMATS[String(value)] ?? { format: value })
      if (keyword === 'properties') return [[keyword, mapOf(value as Node)]]
      return [[keyword, DATA.has(keyword) ? value : inner(value)]]
    })
    return Object.fromEntries(all)
  }

  function mapOf(properties: Node): Node {
    return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, schema(value)]))
  }

  function inner(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(inner)
    return typeof value === 'object' && value !== null ? schema(value) : value
  }

  function response(name: string, make: () => Node): Node {
    if (!responses.has(name)) responses.set(name, make())
    return { $ref: `#/components/responses/${name}` }
  }

  return { schema, response, all: () => ({ responses: inOrder(responses), schemas: inOrder(titled) }) }
}

function inOrder(nodes: ReadonlyMap<string, Node>): Record<string, Node> {
  return Object.fromEntries([...nodes].sort(([a], [b]) => (a < b ? -1 : 1)))
}
