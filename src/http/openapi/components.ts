import { RECEIPT_PATTERN } from '../../core/delivery/pull.ts'
import { MAX_CONTENT_TYPE_LENGTH } from '../../core/message/body.ts'
import { RESERVED_NAMES } from '../../core/name.ts'
import { alternatives } from './alternatives.ts'
import { EXAMPLE_PRIVATE_KEY, EXAMPLE_RECEIPT, EXAMPLE_SECRET } from './examples.ts'
import { withExclusive } from './exclusive.ts'
import { entryName, isRecord, partName } from './names.ts'
import type { Node } from './node.ts'

/** What is told once and referred to from everywhere else: every object with properties, and answers with problems. */
export interface Components {
  /**
   * The schema as the document has it: a reference where it is an object, by its `title` or else by `name`. Throws where
   * two different objects have the same name, because the types that are generated from them would.
   */
  schema(schema: unknown, name?: string): Node
  /** A reference to an answer; `make` is asked once for each name. */
  response(name: string, make: () => Node): Node
  /** By name, in alphabetical order. */
  all(): { responses: Record<string, Node>; schemas: Record<string, Node> }
}

const SECRET = '(?:whsec_[A-Za-z0-9+/]{32,86}={0,2}|whsk_[A-Za-z0-9+/]{43,86}={1,2})'
const PRIVATE_KEY = 'whsk_[A-Za-z0-9+/]{43,86}={1,2}'
/** As the core's, without its look-ahead: Go's regular expressions and RE2 know none. */
const RESERVED = { not: { type: 'string', enum: RESERVED_NAMES } }
const NAME = { minLength: 1, maxLength: 128, pattern: '^[._/-]*[A-Za-z0-9][A-Za-z0-9._/-]*$', ...RESERVED }
const ALIAS = { minLength: 4, maxLength: 64, pattern: '^[._-]*[A-Za-z0-9][A-Za-z0-9._-]*$', ...RESERVED }

/** The server's own formats, in words that every JSON Schema validator knows. */
const FORMATS: Record<string, Node> = {
  name: NAME,
  alias: ALIAS,
  target: { format: 'uri', pattern: '^[Hh][Tt][Tt][Pp][Ss]?://', maxLength: 2048 },
  secret: { pattern: `^${SECRET}$`, examples: [EXAMPLE_SECRET] },
  'secret-or-rotate': { pattern: `^(?:rotate|${SECRET})$`, examples: ['rotate'] },
  'private-key': { pattern: `^${PRIVATE_KEY}$`, examples: [EXAMPLE_PRIVATE_KEY] },
  'private-key-or-rotate': { pattern: `^(?:rotate|${PRIVATE_KEY})$`, examples: ['rotate'] },
  'host-name': { minLength: 1, maxLength: 253, pattern: '^[^/:@?#\\\\\\s]+$' },
  'media-type': {
    maxLength: MAX_CONTENT_TYPE_LENGTH,
    pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+([ \\t]*;[ -~\\t]*)?$",
    examples: ['application/xml'],
  },
  base64: {
    contentEncoding: 'base64',
    pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
    examples: ['iVBORw0KGgo='],
  },
  receipt: { pattern: RECEIPT_PATTERN, examples: [EXAMPLE_RECEIPT] },
  period: { pattern: '^P(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+W)?(?:[0-9]+D)?$' },
  unicode: {},
}

/** Keywords whose values are data and no schemas. */
const DATA: ReadonlySet<string> = new Set(['examples', 'enum', 'const', 'default', 'required', 'type'])

export function createComponents(): Components {
  const named = new Map<string, Node>()
  const responses = new Map<string, Node>()

  function schema(value: unknown, name?: string): Node {
    const { title = name, ...given } = value as Node
    if (isRecord(given) && isNullable(given)) return orNull(schema({ ...given, title, type: 'object' }))
    const node = told(withExclusive(given, title as string | undefined), title as string | undefined)
    const own = isRecord(given) ? title : (value as Node).title
    return typeof own === 'string' ? noted(own, node) : node
  }

  function noted(name: string, node: Node): Node {
    const known = named.get(name)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(node)) {
      throw new Error(`two schemas have the name ${name}: give one of them a title`)
    }
    named.set(name, node)
    return { $ref: `#/components/schemas/${name}` }
  }

  /** Only what JSON can hold: the library marks its schemas with properties that it hides. */
  function told(node: Node, name: string | undefined): Node {
    const all = Object.entries(node).flatMap(([keyword, value]): [string, unknown][] => {
      if (keyword === 'format') return Object.entries(FORMATS[String(value)] ?? { format: value })
      if (keyword === 'properties') return [[keyword, mapOf(value as Node, name)]]
      if (keyword === 'items') return [[keyword, schema(value, entryName(name))]]
      return [[keyword, DATA.has(keyword) ? value : inner(value, partName(name, 'value'))]]
    })
    return alternatives(typed(Object.fromEntries(all)))
  }

  function mapOf(properties: Node, name: string | undefined): Node {
    return Object.fromEntries(
      Object.entries(properties).map(([property, value]) => [property, schema(value, partName(name, property))]),
    )
  }

  function inner(value: unknown, name: string | undefined): unknown {
    // Which of several alternatives an object is cannot be told from where it stands: those have titles.
    if (Array.isArray(value)) return value.map((one) => inner(one, undefined))
    return typeof value === 'object' && value !== null ? schema(value, name) : value
  }

  function response(name: string, make: () => Node): Node {
    if (!responses.has(name)) responses.set(name, make())
    return { $ref: `#/components/responses/${name}` }
  }

  return { schema, response, all: () => ({ responses: inOrder(responses), schemas: inOrder(named) }) }
}

/** Generators take the type of a value from `type` alone, and would make anything of an `enum` without one. */
function typed(node: Node): Node {
  if (node.type !== undefined || !Array.isArray(node.enum)) return node
  const types = [...new Set(node.enum.map((value) => typeof value))]
  return { type: types.length === 1 ? types[0] : types, ...node }
}

function isNullable({ type }: Node): boolean {
  return Array.isArray(type) && type.includes('null')
}

function orNull(node: Node): Node {
  return { anyOf: [node, { type: 'null' }] }
}

function inOrder(nodes: ReadonlyMap<string, Node>): Record<string, Node> {
  return Object.fromEntries([...nodes].sort(([a], [b]) => (a < b ? -1 : 1)))
}
