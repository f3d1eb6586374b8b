// The types of what the API takes and answers, for the Python client. `npm run openapi` writes them.
import { declarations } from './schemas.mjs'

const HEAD = `"""What the API takes and answers. Made of docs/api/openapi.json by \`npm run openapi\`: change the routes, not this file."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict
`

/** A module of Python with a type for each schema of the description, under its name. */
export function pythonTypes(description) {
  const all = declarations(description)
  // An alias is evaluated where it stands, a class when it is asked for its fields.
  const classes = all.filter(({ kind }) => kind === 'record')
  const aliases = all.filter(({ kind }) => kind !== 'record')
  return [HEAD, ...aliases.map(aliasText), ...classes.map(classText)].join('\n')
}

function aliasText({ name, description, ...schema }) {
  const type = schema.kind === 'enum' ? literals(schema.values) : typeText({ ...schema, isNullable: false })
  const comment = description === '' ? '' : `# ${description}\n`
  return `${comment}${name}: TypeAlias = ${quotedWhereLater(schema, type)}\n`
}

/** Classes are below the aliases that name them. */
function quotedWhereLater({ kind }, type) {
  return kind === 'enum' ? type : JSON.stringify(type)
}

const KEYWORDS = new Set([
  'from',
  'in',
  'is',
  'for',
  'if',
  'class',
  'import',
  'with',
  'as',
  'not',
  'and',
  'or',
  'def',
  'else',
])

function classText({ name, description, fields }) {
  if (fields.some((field) => KEYWORDS.has(field.name))) return functionText({ name, fields })
  const head = `\nclass ${name}(TypedDict):\n`
  const told = description === '' ? '' : `    """${escaped(description)}"""\n\n`
  if (fields.length === 0) return `${head}${told}    pass\n`
  return `${head}${told}${fields.map(fieldText).join('')}`
}

/** The form for properties whose names are words of the language. */
function functionText({ name, fields }) {
  const rows = fields.map((field) => `        ${JSON.stringify(field.name)}: ${JSON.stringify(requiredText(field))},\n`)
  return `\n${name} = TypedDict(\n    "${name}",\n    {\n${rows.join('')}    },\n)\n`
}

function requiredText({ isRequired, type }) {
  return isRequired ? typeText(type) : `NotRequired[${typeText(type)}]`
}

function fieldText({ name, description, ...field }) {
  if (!/^_?[a-z][a-z0-9_]*$/.test(name)) throw new Error(`${name} is no name of a property in Python`)
  const text = requiredText(field)
  return `    ${name}: ${text}\n${description === '' ? '' : `    """${escaped(description)}"""\n`}`
}

const PLAIN = { text: 'str', integer: 'int', number: 'float', boolean: 'bool', any: 'Any' }

function typeText({ isNullable, ...type }) {
  const text = bareTypeText(type)
  return isNullable && text !== 'Any' ? `${text} | None` : text
}

function bareTypeText(type) {
  if (type.kind === 'ref') return type.name
  if (type.kind === 'literals') return literals(type.values)
  if (type.kind === 'list') return `list[${typeText(type.of)}]`
  if (type.kind === 'map') return `dict[str, ${typeText(type.of)}]`
  if (type.kind === 'union') return type.choices.map(typeText).join(' | ')
  return PLAIN[type.kind]
}

function literals(values) {
  return `Literal[${values.map((value) => JSON.stringify(value)).join(', ')}]`
}

function escaped(text) {
  return text.replaceAll('\\', '\\\\').replaceAll('"', "'")
}
