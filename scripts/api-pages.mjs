// Writes the reference of the HTTP API as pages of the documentation, one for each tag of docs/api/openapi.json, so that
// the site's search finds them. What it writes is not committed: the description is what the server itself is made of.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { samplesOf } from '../src/http/reference/samples.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const METHODS = ['get', 'post', 'put', 'patch', 'delete']

/** The pages, by the name of their file. */
export function apiPages(description) {
  const groups = new Map()
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const method of METHODS) {
      const operation = methods[method]
      if (operation === undefined) continue
      const tag = titleOf(operation.tags?.[0] ?? 'other')
      const group = groups.get(tag) ?? []
      groups.set(tag, group)
      // PUT and PATCH do the same.
      const same = group.find((it) => it.path === path && it.operation.summary === operation.summary)
      // The last one is shown: the clients have methods for PATCH.
      const shown = { method, path, operation }
      if (same !== undefined) Object.assign(same, { methods: [...same.methods, method], shown })
      else group.push({ path, methods: [method], operation, shown, shared: methods.parameters ?? [] })
    }
  }
  const pages = new Map([['index.md', indexPage(description, groups)]])
  for (const [tag, operations] of groups) pages.set(`${slug(tag)}.md`, tagPage(description, tag, operations))
  return pages
}

function indexPage({ info, tags = [] }, groups) {
  const described = new Map(tags.map(({ name, description = '' }) => [titleOf(name), description]))
  const rows = [...groups].map(([tag, operations]) => {
    const list = operations.flatMap(callsOf).join('<br>')
    return `| [${tag}](/reference/api/${slug(tag)}) | ${cell(described.get(tag) ?? '')} | ${list} |`
  })
  return `# HTTP API

Version ${info.version}. The server describes itself at \`/openapi.json\` and can be browsed at \`/reference\`; these pages
are made from the same description.

Send the key in the header \`X-API-KEY\`. Bodies and answers are JSON; times are milliseconds since 1970.

| | | |
| --- | --- | --- |
${rows.join('\n')}
`
}

function tagPage(description, tag, operations) {
  return `# ${tag}\n\n${operations.map((it) => operationText(description, it)).join('\n')}`
}

function callsOf({ methods, path }) {
  return methods.map((method) => `\`${method.toUpperCase()} ${path}\``)
}

/** `api_keys` and `queues` as the heading of a page. */
function titleOf(tag) {
  const words = tag.replaceAll('_', ' ').replace(/^api\b/, 'API')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function operationText(description, { operation, shared, shown, ...calls }) {
  const parts = [`## ${escapeText(operation.summary ?? operation.operationId)}`, callsOf(calls).join(' or ')]
  if (operation.description) parts.push(escapeText(operation.description))
  parts.push(samplesText(shown, description.servers[0].url))
  const parameters = [...shared, ...(operation.parameters ?? [])].map((it) => resolve(description, it))
  if (parameters.length > 0) parts.push('**Parameters**', parameterTable(description, parameters))
  const body = operation.requestBody?.content?.['application/json']?.schema
  if (body) parts.push('**Body**', propertyTable(description, body))
  const [status, answer] = Object.entries(operation.responses).find(([code]) => code.startsWith('2')) ?? []
  const shape = answer && resolve(description, answer).content?.['application/json']
  if (shape) {
    parts.push(`**Answer** ${status}`, propertyTable(description, shape.schema))
    const example = shape.example ?? Object.values(shape.examples ?? {})[0]?.value
    if (example !== undefined) parts.push(`\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``)
  }
  const failures = Object.keys(operation.responses).filter((code) => /^[45]\d\d$/.test(code))
  if (failures.length > 0) parts.push(`**Refused with** ${failures.map((code) => `\`${code}\``).join(' ')}`)
  return `${parts.join('\n\n')}\n`
}

const FENCES = { curl: 'bash', TypeScript: 'ts', Python: 'python', Go: 'go' }

/** The request in each language, of which the site shows one at a time. */
function samplesText(shown, server) {
  const samples = Object.entries(samplesOf({ ...shown, server }))
  const blocks = samples.map(([name, text]) => `\`\`\`${FENCES[name]} [${name}]\n${text.trimEnd()}\n\`\`\``)
  return `::: code-group\n\n${blocks.join('\n\n')}\n\n:::`
}

function parameterTable(description, parameters) {
  const rows = parameters.map(({ name, in: place, required, description: text = '', schema = {} }) => {
    const rule = resolve(description, schema)
    return `| \`${name}\` | ${place}${required ? ', required' : ''} | ${typeText(description, rule)} | ${cell(text || rule.description || '')} |`
  })
  return ['| name | where | type | |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function propertyTable(description, schema) {
  const rows = propertyRows(description, schema, '', 0)
  if (rows.length === 0) return typeText(description, resolve(description, schema))
  return ['| property | type | |', '| --- | --- | --- |', ...rows].join('\n')
}

/** Deeper than this a table helps no reader. */
const DEPTH = 3

function propertyRows(description, given, prefix, depth) {
  const schema = resolve(description, given)
  if (depth > DEPTH) return []
  if (schema.type === 'array' && schema.items) return propertyRows(description, schema.items, `${prefix}[]`, depth)
  const choices = (schema.oneOf ?? []).map((choice) => resolve(description, choice))
  if (choices.some(({ properties }) => properties)) return propertyRows(description, merged(choices), prefix, depth)
  const [whole, ...others] = (schema.anyOf ?? []).filter((choice) => choice.type !== 'null')
  if (whole && others.length === 0) return propertyRows(description, whole, prefix, depth)
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const rule = resolve(description, value)
    const path = prefix === '' ? name : `${prefix}.${name}`
    const required = (schema.required ?? []).includes(name) ? '' : ' (optional)'
    const row = `| \`${path}\` | ${typeText(description, rule)}${required} | ${cell(rule.description ?? '')} |`
    return [row, ...propertyRows(description, rule, path, depth + 1)]
  })
}

/** All properties of several objects, one of which is meant; required is what all of them require. */
function merged(choices) {
  const required = choices[0].required.filter((name) => choices.every((choice) => choice.required.includes(name)))
  return { properties: Object.assign({}, ...choices.map((choice) => choice.properties)), required }
}

function typeText(description, schema) {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.const !== undefined) return `\`${schema.const}\``
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return choices.map((choice) => typeText(description, resolve(description, choice))).join(' or ')
  const types = [schema.type ?? 'any'].flat().join(' or ')
  const bounds = [
    schema.minimum !== undefined && `from ${schema.minimum}`,
    schema.maximum !== undefined && `to ${schema.maximum}`,
  ].filter(Boolean)
  return [types, ...bounds].join(' ')
}

function resolve(description, schema) {
  if (!schema?.$ref) return schema
  return schema.$ref
    .slice(2)
    .split('/')
    .reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], description)
}

/** A cell is one line, and braces would be read as code of the pages. */
function cell(text) {
  return escapeText(text).replaceAll('\n', ' ').replaceAll('|', '\\|')
}

function escapeText(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? `<code v-pre>${escaped(part.slice(1, -1))}</code>` : part))
    .map((part) => (part.startsWith('<code') ? part : part.replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;')))
    .join('')
}

function slug(tag) {
  return tag.toLowerCase().replace(/[^a-z0-9]+/g, '-')
}

/** Makes the folder anew: an operation that is gone leaves no page. */
export function writeApiPages() {
  const folder = join(root, 'docs', 'reference', 'api')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const description = JSON.parse(readFileSync(join(root, 'docs', 'api', 'openapi.json'), 'utf8'))
  for (const [name, text] of apiPages(description)) writeFileSync(join(folder, name), text)
}

/** Within an element of HTML a sign of its own would begin another one. */
function escaped(code) {
  return code.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
