import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Schema } from './schema.ts'

/**
 * The hexadecimal SHA-256 of the schema in canonical JSON (RFC 8785): the same for the same schema, in whatever order
 * its properties were sent. Throws for a schema that has faults.
 */
export function schemaId(schema: Schema): string {
  const text = canonicalize(schema)
  if (text === undefined) throw new TypeError('a schema is an object')
  return hash('sha256', text, 'hex')
}
