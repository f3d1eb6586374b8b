/** What the `data` of a queue's messages must look like: each property of that JSON object, and the rule for it. */
export type Schema = { [property: string]: Rule }

export type Rule = ObjectRule | ArrayRule | StringRule | NumberRule

interface AnyRule {
  /** Default true: the value must be there and not null. */
  required?: boolean
}

export interface ObjectRule extends AnyRule {
  type: 'object'
  props: Schema
  /** Default true: a property that is not declared fails. */
  strict?: boolean
}

export interface ArrayRule extends AnyRule {
  type: 'array'
  /** The rule of every entry; an entry may be null where this is not required. */
  items: Rule
}

export interface StringRule extends AnyRule {
  type: 'string'
  /** Must be found somewhere in the string. */
  pattern?: string
  enum?: string[]
  /** Unicode code points. */
  min?: number
  max?: number
}

export interface NumberRule extends AnyRule {
  type: 'number'
  min?: number
  max?: number
}

/** A property of the root is level 1; each `props` and each `items` is one level further down. */
export const MAX_LEVELS = 8
/** On all levels together. */
export const MAX_PROPERTIES = 256
/** Of the schema as compact JSON. */
export const MAX_SCHEMA_BYTES = 64 * 1024
/** Of all patterns together; see `compilePattern` for what one may have. */
export const MAX_PATTERN_CHARACTERS = 10_000
/**
 * About as many steps may be compiled to find out how many there are. More than `MAX_PATTERN_STEPS`, because alternatives
 * that begin in the same way become fewer; one takes some 15 µs.
 */
export const MAX_PATTERN_SIZE = 8_192
/** Of all patterns together, once compiled: some 20 MB at the very worst, for as long as the schema is in use. */
export const MAX_PATTERN_STEPS = 4_096
