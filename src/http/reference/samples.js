// What calls an operation: a request by curl, and by the clients in TypeScript, Python and Go.

/** The operations that the clients have methods for: the resource, the verb, and what of the body is named otherwise. */
const METHODS = {
  ...crud('queues', 'Queue', 'Queues'),
  ...crud('listeners', 'Listener', 'Listeners'),
  ...crud('schedules', 'Schedule', 'Schedules'),
  listMessages: { noun: 'messages', verb: 'list' },
  createMessage: { noun: 'messages', verb: 'send' },
  createMessages: { noun: 'messages', verb: 'sendAll', positional: ['messages'] },
  findMessage: { noun: 'messages', verb: 'get' },
  deleteMessage: { noun: 'messages', verb: 'delete' },
  pullMessages: { noun: 'leases', verb: 'pull', names: { wait: 'waitMs', lease: 'leaseMs' } },
  acknowledgeMessages: { noun: 'leases', verb: 'ack', positional: ['receipts'] },
  returnMessages: { noun: 'leases', verb: 'nack', positional: ['receipts'], names: { delay: 'delayMs' } },
  extendLeases: { noun: 'leases', verb: 'extend', positional: ['receipts'], names: { lease: 'leaseMs' } },
}

function crud(noun, one, many) {
  return {
    [`list${many}`]: { noun, verb: 'list' },
    [`create${one}`]: { noun, verb: 'create' },
    [`get${one}`]: { noun, verb: 'get' },
    [`patch${one}`]: { noun, verb: 'update' },
    [`delete${one}`]: { noun, verb: 'delete' },
  }
}

/** One request in each language. The path is that of the description, `server` the address without a slash at its end. */
export function samplesOf({ method, path, operation, server }) {
  const body = operation.requestBody?.content['application/json']?.example
  const ids = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => exampleOf(operation, name))
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => exampleOf(operation, name))
  const call = {
    ...{ method: method.toUpperCase(), path: filled, server, body, ids },
    needsKey: operation.security?.length !== 0,
    client: METHODS[operation.operationId],
    // The clients read JSON, below /v1.
    isPlain: !filled.startsWith('/v1/') || operation.responses[200]?.content?.['application/json'] === undefined,
    isStream: operation.responses[200]?.content?.['text/event-stream'] !== undefined,
  }
  return { curl: curl(call), TypeScript: typescript(call), Python: python(call), Go: go(call) }
}

function exampleOf(operation, name) {
  return String(operation.parameters?.find((one) => one.name === name)?.schema.examples?.[0] ?? name)
}

function curl({ method, path, server, body, needsKey, isStream }) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`
  const lines = [`curl ${isStream ? '-N ' : ''}-X ${method} ${quote(server + path)}`]
  if (needsKey) lines.push('-H "X-API-KEY: $DISCUE_API_KEY"')
  if (body !== undefined)
    lines.push(`-H ${quote('Content-Type: application/json')}`, `-d ${quote(JSON.stringify(body))}`)
  return lines.join(' \\\n  ')
}

const TYPESCRIPT = {
  text: singleQuoted,
  name: (name) => (isName(name) ? name : singleQuoted(name)),
  null: 'null',
  step: '  ',
}
const PYTHON = {
  ...{ text: JSON.stringify, name: JSON.stringify, null: 'None', true: 'True', false: 'False' },
  step: '    ',
}

const isName = (name) => /^[A-Za-z_]\w*$/.test(name)

function singleQuoted(text) {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

/** A value of JSON as a language writes it. */
function literal(value, language, indent = '') {
  if (typeof value === 'string') return language.text(value)
  if (value === null || typeof value !== 'object') return language[String(value)] ?? String(value)
  const inner = indent + language.step
  if (Array.isArray(value)) return `[${value.map((one) => literal(one, language, indent)).join(', ')}]`
  const lines = Object.entries(value).map(([name, one]) => `${language.name(name)}: ${literal(one, language, inner)}`)
  return lines.length === 0 ? '{}' : `{\n${lines.map((line) => `${inner}${line},\n`).join('')}${indent}}`
}

/** What of the body stands by its place in a call, and what by its name. */
function argumentsOf({ ids, body = {}, client }) {
  const { positional = [], names = {} } = client
  const rest = Object.entries(body).filter(([name]) => !positional.includes(name))
  return {
    placed: [...ids, ...positional.map((name) => body[name])],
    named: Object.fromEntries(rest.map(([name, value]) => [names[name] ?? name, value])),
  }
}

function typescript(call) {
  if (call.isPlain) return fetchCall(call)
  const head = [
    "import { Discue } from 'discue-client'\n",
    `const discue = new Discue({ url: ${singleQuoted(call.server)}, apiKey: process.env.DISCUE_API_KEY! })`,
  ]
  return [...head, call.client ? typescriptMethod(call) : typescriptRequest(call), ''].join('\n')
}

function typescriptMethod(call) {
  const { noun, verb } = call.client
  const { placed, named } = argumentsOf(call)
  const given = placed.map((value) => literal(value, TYPESCRIPT))
  if (Object.keys(named).length > 0) given.push(literal(named, TYPESCRIPT))
  const text = `discue.${noun}.${verb}(${given.join(', ')})`
  if (verb === 'list') return `for await (const one of ${text}) console.log(one)`
  return verb === 'delete' ? `await ${text}` : `console.log(await ${text})`
}

function typescriptRequest({ method, path, body }) {
  const options = body === undefined ? '' : `, { body: ${literal(body, TYPESCRIPT)} }`
  return `console.log(await discue.request('${method}', ${singleQuoted(path.replace('/v1', ''))}${options}))`
}

function fetchCall({ method, path, server, body, needsKey, isStream }) {
  const lines = [`  method: '${method}',`]
  const headers = []
  if (needsKey) headers.push("'x-api-key': process.env.DISCUE_API_KEY!")
  if (body !== undefined) headers.push("'content-type': 'application/json'")
  if (headers.length > 0) lines.push(`  headers: { ${headers.join(', ')} },`)
  if (body !== undefined) lines.push(`  body: JSON.stringify(${literal(body, TYPESCRIPT, '  ')}),`)
  const read = isStream
    ? 'const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()\n' +
      'for (let part = await reader.read(); !part.done; part = await reader.read()) console.log(part.value)'
    : 'console.log(response.status, await response.text())'
  const request = [`const response = await fetch(${singleQuoted(server + path)}, {`, ...lines, '})']
  return [...request, read, ''].join('\n')
}

function python(call) {
  if (call.isPlain) return httpxCall(call)
  const head = `import os\n\nfrom discue import Discue\n\nclient = Discue(${JSON.stringify(call.server)}, os.environ["DISCUE_API_KEY"])`
  return [head, call.client ? pythonMethod(call) : pythonRequest(call), ''].join('\n')
}

const underscored = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function pythonMethod(call) {
  const { noun, verb } = call.client
  const { placed, named } = argumentsOf(call)
  const given = placed.map((value) => literal(value, PYTHON, '    '))
  for (const [name, value] of Object.entries(named))
    given.push(`${underscored(name)}=${literal(value, PYTHON, '    ')}`)
  const text = `client.${noun}.${underscored(verb)}(${spread(given)})`
  if (verb === 'list') return `for one in ${text}:\n    print(one)`
  return verb === 'delete' ? text : `print(${text})`
}

/** Arguments on one line, or each on its own where there are many. */
function spread(given) {
  const line = given.join(', ')
  return line.length <= 80 && !line.includes('\n') ? line : `\n${given.map((one) => `    ${one},\n`).join('')}`
}

function pythonRequest({ method, path, body }) {
  const given = [JSON.stringify(method), JSON.stringify(path.replace('/v1', ''))]
  if (body !== undefined) given.push(`body=${literal(body, PYTHON, '    ')}`)
  return `print(client.request(${spread(given)}))`
}

function httpxCall({ method, path, server, body, needsKey, isStream }) {
  const given = [JSON.stringify(method), JSON.stringify(server + path)]
  if (needsKey) given.push('headers={"x-api-key": os.environ["DISCUE_API_KEY"]}')
  if (body !== undefined) given.push(`json=${literal(body, PYTHON, '    ')}`)
  if (isStream) given.push('timeout=None')
  const call = isStream
    ? `with httpx.stream(${spread(given)}) as response:\n    for line in response.iter_lines():\n        print(line)`
    : `response = httpx.request(${spread(given)})\nprint(response.status_code, response.text)`
  return `${needsKey ? 'import os\n\n' : ''}import httpx\n\n${call}\n`
}

const GO_FAILED = 'if err != nil {\n\treturn err\n}'

/** Statements of a function that has a context, `ctx`, and answers with an error. */
function go(call) {
  if (call.isPlain) return netHttpCall(call)
  const head = `client, err := discue.New(${JSON.stringify(call.server)}, os.Getenv("DISCUE_API_KEY"))\n${GO_FAILED}`
  // A body has a struct of its own, which the client's page shows: here it is the JSON of the other samples.
  return `${head}\n${call.client && call.body === undefined ? goMethod(call) : goRequest(call)}\n`
}

function goMethod({ client: { noun, verb }, ids }) {
  const upper = (name) => name[0].toUpperCase() + name.slice(1)
  const given = ['ctx', ...ids.map((id) => JSON.stringify(id))]
  if (noun === 'messages' && verb === 'list') given.push('discue.MessageFilter{}')
  const text = `client.${upper(noun)}.${upper(verb)}(${given.join(', ')})`
  if (verb === 'list')
    return `for one, err := range ${text} {\n\tif err != nil {\n\t\treturn err\n\t}\n\tfmt.Println(one)\n}`
  if (verb === 'delete') return `if err := ${text}; err != nil {\n\treturn err\n}`
  return `one, err := ${text}\n${GO_FAILED}\nfmt.Println(one)`
}

/** A text as it stands, in which quotes need no signs before them. */
function goText(value) {
  const text = JSON.stringify(value, null, '\t')
  return text.includes('`') ? JSON.stringify(text) : `\`${text}\``
}

function goRequest({ method, path, body }) {
  const given = body === undefined ? 'nil' : `json.RawMessage(${goText(body)})`
  const call = `client.Do(ctx, "${method}", ${JSON.stringify(path.replace('/v1', ''))}, ${given}, &answer)`
  return `var answer map[string]any\nif err := ${call}; err != nil {\n\treturn err\n}\nfmt.Println(answer)`
}

function netHttpCall({ method, path, server, body, needsKey }) {
  const given = body === undefined ? 'nil' : `strings.NewReader(${goText(body)})`
  const lines = [
    `request, err := http.NewRequestWithContext(ctx, "${method}", ${JSON.stringify(server + path)}, ${given})`,
    GO_FAILED,
    ...(needsKey ? ['request.Header.Set("X-API-Key", os.Getenv("DISCUE_API_KEY"))'] : []),
    ...(body === undefined ? [] : ['request.Header.Set("Content-Type", "application/json")']),
    'response, err := http.DefaultClient.Do(request)',
    GO_FAILED,
    'defer response.Body.Close()',
    '_, err = io.Copy(os.Stdout, response.Body)',
    'return err',
  ]
  return `${lines.join('\n')}\n`
}
