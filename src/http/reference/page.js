// Shows openapi.json. Everything is put in as text, never as markup.

import { samplesOf } from './samples.js'

const at = (id) => document.getElementById(id)

/** An element with properties and children; texts are children like any other. */
function el(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties)
  element.append(...children.filter((child) => child !== null && child !== undefined))
  return element
}

/** Follows a reference into the document's components. */
function resolve(node) {
  if (node?.$ref === undefined) return node
  const { $ref, ...beside } = node
  const told = $ref
    .slice(2)
    .split('/')
    .reduce((inside, step) => inside[step], description)
  return { ...told, ...beside }
}

function typeOf(schema) {
  const rule = resolve(schema)
  if (rule.enum) return rule.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (rule.const !== undefined) return JSON.stringify(rule.const)
  const choices = rule.anyOf ?? rule.oneOf
  if (choices) return choices.map(typeOf).join(' | ')
  if (rule.type === 'array') return `${typeOf(rule.items)}[]`
  return [rule.type ?? 'any'].flat().join(' | ')
}

function limitsOf(rule) {
  const limits = [
    rule.minimum !== undefined && `from ${rule.minimum}`,
    rule.maximum !== undefined && `to ${rule.maximum}`,
    rule.maxItems !== undefined && `at most ${rule.maxItems} entries`,
    rule.maxLength !== undefined && `at most ${rule.maxLength} characters`,
  ]
  return limits.filter(Boolean).join(' ')
}

function row(name, schema, required, description) {
  const rule = resolve(schema)
  const texts = [description ?? rule.description, limitsOf(rule)].filter(Boolean)
  return el(
    'tr',
    {},
    el('td', {}, el('code', {}, name), required ? el('span', { className: 'soft' }, ' required') : null),
    el('td', {}, el('code', {}, typeOf(schema))),
    el('td', {}, texts.join('; ')),
  )
}

/** What a schema allows beside null, where it allows one thing beside it. */
function nullable({ anyOf = [] }) {
  const others = anyOf.filter((choice) => choice.type !== 'null')
  return others.length === 1 && others.length < anyOf.length ? others[0] : null
}

/** All properties of several objects, one of which is meant; required is what all of them require. */
function merged(choices) {
  const [first = [], ...others] = choices.map((choice) => choice.required ?? [])
  const required = first.filter((name) => others.every((names) => names.includes(name)))
  return { properties: Object.assign({}, ...choices.map((choice) => choice.properties)), required }
}

/** The properties of a schema and of what is in it, by their paths. */
function rowsOf(schema, prefix = '') {
  const rule = resolve(schema)
  if (rule.type === 'array') return rowsOf(rule.items, `${prefix.replace(/\.$/, '')}[].`)
  const objects = (rule.oneOf ?? []).map(resolve).filter((choice) => choice.properties)
  if (objects.length > 0) return rowsOf(merged(objects), prefix)
  const whole = nullable(rule)
  if (whole) return rowsOf(whole, prefix)
  return Object.entries(rule.properties ?? {}).flatMap(([name, inner]) => {
    if (resolve(inner).readOnly) return []
    return [row(prefix + name, inner, rule.required?.includes(name)), ...rowsOf(inner, `${prefix}${name}.`)]
  })
}

function table(rows) {
  const head = ['Name', 'Type', ''].map((text) => el('th', { scope: 'col' }, text))
  return el('table', {}, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...rows))
}

function code(text, label) {
  const copy = el('button', { type: 'button', ariaLabel: `Copy ${label}` }, 'Copy')
  copy.addEventListener('click', async () => {
    // Not every address may write to the clipboard: without TLS only the own machine may.
    const done = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    )
    if (!done) getSelection().selectAllChildren(copy.nextElementSibling)
    copy.textContent = done ? 'Copied' : 'Selected'
  })
  return el('div', { className: 'code' }, copy, el('pre', { tabIndex: 0 }, el('code', {}, text)))
}

const json = (value) => JSON.stringify(value, null, 2)
const LANGUAGE_KEY = 'discue-reference-language'

/** The language that was chosen last, in this tab: where storage is refused it is curl. */
function rememberedLanguage() {
  try {
    return sessionStorage.getItem(LANGUAGE_KEY)
  } catch {
    return null
  }
}

let language = rememberedLanguage() ?? 'curl'

/** Shows one language in every operation. */
function choose(chosen) {
  language = chosen
  try {
    sessionStorage.setItem(LANGUAGE_KEY, chosen)
  } catch {
    // The choice holds until the page is left.
  }
  for (const part of document.querySelectorAll('[data-language]')) part.hidden = part.dataset.language !== chosen
  for (const button of document.querySelectorAll('[data-chooses]'))
    button.ariaPressed = String(button.dataset.chooses === chosen)
}

/** The request in each language, of which one is shown. */
function samples(entry) {
  const server = new URL(description.servers[0].url, location.href).href.replace(/\/$/, '')
  const texts = Object.entries(samplesOf({ ...entry, server }))
  const buttons = texts.map(([name]) => {
    const button = el('button', { type: 'button', ariaPressed: String(name === language) }, name)
    button.dataset.chooses = name
    button.addEventListener('click', () => choose(name))
    return button
  })
  const blocks = texts.map(([name, text]) => {
    const block = code(text, `the request in ${name}`)
    block.dataset.language = name
    block.hidden = name !== language
    return block
  })
  return el('div', { className: 'samples' }, el('p', { className: 'languages' }, ...buttons), ...blocks)
}

function media(response) {
  return Object.entries(response.content ?? {}).map(([type, { schema, example, examples = {} }]) => {
    const shown = example === undefined ? Object.values(examples).map(({ value }) => value) : [example]
    const texts = shown.map((value) => (typeof value === 'string' ? value : json(value)))
    return el('div', {}, rowsOf(schema).length ? table(rowsOf(schema)) : null, ...texts.map((text) => code(text, type)))
  })
}

function responses(operation) {
  return Object.entries(operation.responses).map(([status, given]) => {
    const response = resolve(given)
    const title = el('summary', {}, el('code', {}, status), ` ${response.description}`)
    return el('details', { open: status === '200' }, title, ...media(response))
  })
}

function article(entry) {
  const { method, path, operation } = entry
  const { parameters = [], requestBody } = operation
  const body = requestBody?.content['application/json']
  const told = parameters.map((one) => row(`${one.name} (${one.in})`, one.schema, one.required, one.description))
  return el(
    'article',
    { id: operation.operationId },
    el('h3', {}, operation.summary),
    el(
      'p',
      { className: 'route' },
      el('span', { className: `method ${method}` }, method.toUpperCase()),
      ' ',
      el('code', {}, path),
    ),
    operation.description ? el('p', {}, operation.description) : null,
    samples(entry),
    ...(told.length ? [el('h4', {}, 'Parameters'), table(told)] : []),
    ...(body ? [el('h4', {}, 'Body'), table(rowsOf(body.schema)), code(json(body.example), 'the body')] : []),
    el('h4', {}, 'Answers'),
    ...responses(operation),
  )
}

function link({ method, operation }) {
  const label = el('span', { className: `method ${method}` }, method.toUpperCase())
  return el('li', {}, el('a', { href: `#${operation.operationId}` }, label, operation.summary))
}

/** One group of operations, in the list and in the index; answers with what the search shows or hides. */
function show(tag, entries) {
  const name = tag.name.replaceAll('_', ' ')
  const links = entries.map(link)
  const articles = entries.map(article)
  const group = el('section', {}, el('h2', {}, name), el('p', { className: 'soft' }, tag.description), ...articles)
  const index = el('div', {}, el('h2', {}, name), el('ul', {}, ...links))
  at('list').append(group)
  at('index').append(index)
  const text = (entry) => `${entry.method} ${entry.path} ${entry.operation.summary} ${entry.operation.operationId}`
  const items = entries.map((entry, i) => ({ text: text(entry).toLowerCase(), parts: [links[i], articles[i]] }))
  return { parts: [group, index], items }
}

function search(groups) {
  const words = at('search').value.toLowerCase().split(/\s+/)
  let found = 0
  for (const { parts, items } of groups) {
    const hits = items.filter((item) => words.every((word) => item.text.includes(word)))
    for (const item of items) for (const part of item.parts) part.hidden = !hits.includes(item)
    for (const part of parts) part.hidden = hits.length === 0
    found += hits.length
  }
  at('state').textContent = found === 0 ? 'Nothing found.' : `${found} operations`
}

/** As much Markdown as the introduction has: paragraphs, and lists whose lines begin with a dash. */
function paragraph(text) {
  const plain = text.replaceAll('`', '')
  if (!plain.startsWith('- ')) return el('p', {}, plain)
  return el(
    'ul',
    {},
    ...plain
      .slice(2)
      .split('\n- ')
      .map((line) => el('li', {}, line)),
  )
}

function start() {
  at('about').append(...description.info.description.split('\n\n').map(paragraph))
  const entries = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const groups = description.tags.map((tag) =>
    show(
      tag,
      entries.filter(({ operation }) => operation.tags[0] === tag.name),
    ),
  )
  at('search').addEventListener('input', () => search(groups))
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target === at('search')) return
    event.preventDefault()
    at('search').focus()
  })
  search(groups)
  // The browser looked for it before it was there.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView()
}

let description
try {
  description = await (await fetch('openapi.json')).json()
  start()
} catch (error) {
  at('state').textContent = `The description cannot be shown: ${error.message}`
}
