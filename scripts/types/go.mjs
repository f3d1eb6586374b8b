// The types of what the API takes and answers, for the Go client. `npm run openapi` writes them.
import { declarations } from './schemas.mjs'

const HEAD = `// Code generated from docs/api/openapi.json by "npm run openapi"; DO NOT EDIT.

package discue
`

/** A file of Go, as gofmt has it, with a type for each schema of the description. */
export function goTypes(description) {
  const all = declarations(description)
  const byName = new Map(all.map((schema) => [schema.name, schema]))
  return [HEAD, ...all.map((schema) => declarationText(schema, { byName, sent: sentSchemas(byName) }))].join('\n')
}

/** What bodies of requests are made of: there a property that is left out is another thing than one that is empty. */
function sentSchemas(byName) {
  const sent = new Set()
  const add = (name) => {
    if (sent.has(name)) return
    sent.add(name)
    const { fields = [], choices = [], of } = byName.get(name)
    for (const type of [...fields.map((field) => field.type), ...choices, of]) if (type) addAllOf(type)
  }
  const addAllOf = (type) => {
    if (type.kind === 'ref') add(type.name)
    if (type.of) addAllOf(type.of)
  }
  for (const name of byName.keys()) if (name.endsWith('Request')) add(name)
  return sent
}

function declarationText(schema, context) {
  const name = goName(schema.name)
  const comment = schema.description === '' ? '' : `// ${name}: ${schema.description}\n`
  if (schema.kind === 'enum') return `${comment}type ${name} string\n\n${constants(name, schema.values)}`
  if (schema.kind === 'map') return `${comment}type ${name} map[string]${typeText(schema.of)}\n`
  const fields = schema.kind === 'union' ? mergedFields(schema.choices, context.byName) : schema.fields
  if (fields.length === 0) return `${comment}type ${name} struct{}\n`
  return `${comment}type ${name} struct {\n${aligned(fields.map((field) => fieldCells(field, context.sent.has(schema.name))))}}\n`
}

function constants(name, values) {
  const rows = values.map((value) => ['', `${name}${goName(value)}`, name, `= ${JSON.stringify(value)}`])
  return `const (\n${aligned(rows)})\n`
}

/** All properties of several records, one of which is meant; required is what all of them require. */
function mergedFields(choices, byName) {
  const records = choices.map((choice) => byName.get(choice.name).fields)
  const merged = new Map()
  for (const field of records.flat()) {
    const isRequired = records.every((fields) => fields.some((it) => it.name === field.name && it.isRequired))
    merged.set(field.name, { ...field, isRequired })
  }
  return [...merged.values()]
}

function fieldCells({ name, description, isRequired, type }, isSent) {
  const comment = description === '' ? '' : `\t// ${description}\n`
  const tag = `\`json:"${name}${isRequired ? '' : ',omitzero'}"\``
  return [comment, goName(name), fieldType(type, { isRequired, isSent }), tag]
}

const COLLECTIONS = new Set(['list', 'map', 'any', 'union'])

function fieldType(type, { isRequired, isSent }) {
  const text = typeText({ ...type, isNullable: false })
  // Neither left out nor null: the two say different things of a change.
  if (!isRequired && isSent && type.isNullable) return `Field[${text}]`
  if (COLLECTIONS.has(type.kind)) return text
  if (type.isNullable || (!isRequired && (isSent || type.kind === 'ref'))) return `*${text}`
  return text
}

const PLAIN = { text: 'string', integer: 'int64', number: 'float64', boolean: 'bool', any: 'any', union: 'any' }

function typeText(type) {
  const text = bareTypeText(type)
  return type.isNullable && !COLLECTIONS.has(type.kind) ? `*${text}` : text
}

function bareTypeText(type) {
  if (type.kind === 'ref') return goName(type.name)
  if (type.kind === 'literals') return 'string'
  if (type.kind === 'list') return `[]${typeText(type.of)}`
  if (type.kind === 'map') return `map[string]${typeText(type.of)}`
  return PLAIN[type.kind]
}

/** Rows of a comment and three cells: gofmt aligns those that no comment parts. */
function aligned(rows) {
  const groups = []
  for (const row of rows) {
    if (row[0] !== '' || groups.length === 0) groups.push([])
    groups.at(-1).push(row)
  }
  return groups.map(alignedGroup).join('')
}

function alignedGroup(rows) {
  const width = (cell) => Math.max(...rows.map((row) => row[cell].length))
  const lines = rows.map(
    ([comment, name, type, last]) => `${comment}\t${name.padEnd(width(1))} ${type.padEnd(width(2))} ${last}\n`,
  )
  return lines.join('')
}

const INITIALS = { id: 'ID', ids: 'IDs', url: 'URL', api: 'API', https: 'HTTPS', http: 'HTTP' }

/** `notify_url` and `ApiKey` as Go spells them: NotifyURL, APIKey. */
function goName(name) {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .split('_')
    .filter((word) => word !== '')
  return words.map((word) => INITIALS[word.toLowerCase()] ?? word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
