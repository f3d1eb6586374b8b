import type { Node } from './node.ts'

/** An id as they look. */
export const EXAMPLE_ID = '0VGLyUJzEJ0hFh3qqZq9T'

/** What an example is put together for. */
export interface ExampleContext {
  /** The links of the answer lead here. */
  href: string
  /** Told where some text of the schema has no example: a JSON pointer to it. */
  missing: (pointer: string) => void
}

export const EXAMPLE_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** The private key whose public key the other one is. */
export const EXAMPLE_PRIVATE_KEY = 'whsk_CzBVep/E6Q4zWH2ix+wRNluApcrvFDleg6jN8hc8YYY='
export const EXAMPLE_PUBLIC_KEY = 'whpk_JMOklPoimWJmRLllqRMtp5z+ZxUf3ELeYAzwkJfbgkc='

/** A lease of that message. */
export const EXAMPLE_RECEIPT = `${EXAMPLE_ID}0VGLyUJz5001`

const FORMATS: Record<string, string> = {
  name: 'orders',
  alias: 'orders',
  target: 'https://shop.example.com/orders',
  receipt: EXAMPLE_RECEIPT,
  secret: EXAMPLE_SECRET,
  'secret-or-rotate': 'rotate',
  'private-key': EXAMPLE_PRIVATE_KEY,
  'private-key-or-rotate': 'rotate',
}
/** Properties that mean the same wherever they are. */
const FAMILIAR: Record<string, string> = { name: 'orders', alias: 'orders', id: EXAMPLE_ID }

/**
 * Puts an example together from a schema: its own first `examples`, else the first value that it allows, else those
 * of its parts. What callers cannot set (`readOnly`) is left out.
 */
export function exampleOf(schema: Node, context: ExampleContext, pointer = ''): unknown {
  if (Array.isArray(schema.examples)) return schema.examples[0]
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  if (Array.isArray(schema.anyOf)) return exampleOf(schema.anyOf[0] as Node, context, pointer)
  const [type] = [schema.type].flat()
  if (type === 'object') return objectOf(schema, context, pointer)
  if (type === 'array') return [exampleOf(schema.items as Node, context, `${pointer}/0`)]
  if (type === 'integer' || type === 'number') return schema.minimum ?? 0
  if (type === 'boolean') return false
  return textOf(schema, context, pointer)
}

function objectOf({ properties = {} }: Node, context: ExampleContext, pointer: string): Node {
  const all = Object.entries(properties as Record<string, Node>).filter(([, schema]) => schema.readOnly !== true)
  return Object.fromEntries(all.map(([name, schema]) => [name, exampleOf(schema, context, `${pointer}/${name}`)]))
}

function textOf(schema: Node, { href, missing }: ExampleContext, pointer: string): string {
  const name = pointer.slice(pointer.lastIndexOf('/') + 1)
  const text = name === 'href' ? href : (FORMATS[String(schema.format)] ?? FAMILIAR[name])
  if (text === undefined) missing(pointer)
  return text ?? ''
}
