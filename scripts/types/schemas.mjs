// What the schemas of the API's description say, in the few words that a language's types need.

/**
 * The schemas of version 1, in the order of the description: `{ name, description, kind, … }` with `values` of an `enum`,
 * `choices` of a `union`, `of` of a `map`, `fields` of a `record`. Throws for a schema that none of these can say.
 */
export function declarations(description) {
  const used = usedSchemas(description)
  const all = Object.entries(description.components.schemas).filter(([name]) => used.has(name))
  return all.map(([name, schema]) => ({ name, description: oneLine(schema.description), ...bodyOf(name, schema) }))
}

/** What the operations of version 1 refer to, be it by what they refer to. */
function usedSchemas({ paths, components }) {
  const used = new Set()
  const add = (part) => {
    for (const [, kind, name] of JSON.stringify(part).matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
      if (used.has(name)) continue
      if (kind === 'schemas') used.add(name)
      add(components[kind][name])
    }
  }
  for (const [path, operations] of Object.entries(paths)) if (path.startsWith('/v1/')) add(operations)
  return used
}

function bodyOf(name, schema) {
  if (schema.enum) return { kind: 'enum', values: schema.enum }
  const choices = schema.oneOf ?? schema.anyOf
  if (choices) return { kind: 'union', choices: choices.map((choice) => typeOf(choice, name)) }
  if (schema.type !== 'object') throw new Error(`${name}: a schema of type ${schema.type} has no declaration`)
  const properties = Object.entries(schema.properties ?? {})
  const types = properties.map(([property, rule]) => typeOf(rule, `${name}.${property}`))
  const rest = restOf(name, schema)
  // What is named beside the rest adds nothing where it is of the same type.
  if (rest && types.every((type) => JSON.stringify(type) === JSON.stringify(rest))) return { kind: 'map', of: rest }
  const required = new Set(schema.required ?? [])
  const fields = properties.map(([property, rule], index) => ({
    ...{ name: property, description: oneLine(rule.description), isRequired: required.has(property) },
    type: types[index],
  }))
  return { kind: 'record', fields }
}

function restOf(name, { additionalProperties: rest }) {
  return typeof rest === 'object' ? typeOf(rest, `${name}.*`) : null
}

/** `{ kind, isNullable, … }`: `ref`, `text`, `integer`, `number`, `boolean`, `any`, `list`, `map`, `literals` or `union`. */
function typeOf(schema, path) {
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) {
    const others = choices.filter(({ type }) => type !== 'null')
    const isNullable = others.length < choices.length
    if (others.length === 1) return { ...typeOf(others[0], path), isNullable }
    return { kind: 'union', choices: others.map((choice) => typeOf(choice, path)), isNullable }
  }
  const types = [schema.type ?? []].flat()
  const isNullable = types.includes('null')
  return {
    ...plainTypeOf(
      schema,
      types.find((type) => type !== 'null'),
      path,
    ),
    isNullable,
  }
}

const PLAIN = { string: 'text', integer: 'integer', number: 'number', boolean: 'boolean', undefined: 'any' }

function plainTypeOf(schema, type, path) {
  if (schema.$ref) return { kind: 'ref', name: schema.$ref.split('/').at(-1) }
  if (schema.enum) return { kind: 'literals', values: schema.enum }
  if (schema.const !== undefined) return { kind: 'literals', values: [schema.const] }
  if (type === 'array') return { kind: 'list', of: typeOf(schema.items ?? {}, `${path}[]`) }
  if (type === 'object' && Object.keys(schema.properties ?? {}).length === 0)
    return { kind: 'map', of: restOf(path, schema) ?? { kind: 'any', isNullable: false } }
  if (PLAIN[type] === undefined) throw new Error(`${path}: a type ${type} that has no name of its own`)
  return { kind: PLAIN[type] }
}

function oneLine(text = '') {
  return text.replaceAll('\n', ' ').trim()
}
