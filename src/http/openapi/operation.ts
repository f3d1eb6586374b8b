import type { HTTPMethods } from 'fastify'
import type { RouteRequirement } from '../contract.ts'
import type { Components } from './components.ts'
import type { DescribedRoute } from './described.ts'
import { EXAMPLE_ID, exampleOf } from './examples.ts'
import { needsOneOf } from './exclusive.ts'
import { operationName } from './names.ts'
import type { Node } from './node.ts'
import { commonHeaders, mayBeUnchanged } from './request-headers.ts'
import { responsesOf } from './responses.ts'

/** What operations share while a document is made. */
export interface Making {
  components: Components
  /** Told what an operation lacks, and where to add it. */
  fault: (text: string) => void
}

/** Only owner keys have the resources that cannot be granted. */
const OWNERS: ReadonlySet<string> = new Set(['api_clients', 'api_keys'])

const EXAMPLE_ORIGIN = 'http://127.0.0.1:3000'

/** `/v1/queues/:queueId` as OpenAPI writes it: `/v1/queues/{queue_id}`. */
export function pathOf(url: string): string {
  return url.replace(/:(\w+)/g, (_, name: string) => `{${snake(name)}}`)
}

/** One operation of the document. */
export function operationOf(described: DescribedRoute, { components, fault }: Making): Node {
  const { method, url, route } = described
  const { schema = {} } = route
  const where = `${method} ${pathOf(url)}`
  const requires = route.config?.requires
  const href = exampleHref(described)
  const example = (what: string) => (part: Node) =>
    exampleOf(part, { href, missing: (at) => fault(`${where} has no example of its ${what}${at}: give that examples`) })
  for (const name of ['operationId', 'summary'] as const) {
    if (!schema[name]) fault(`${where} has no ${name}: add it to the schema of its route`)
  }
  const tags = schema.tags ?? (requires ? [requires.resource] : [])
  if (tags.length === 0) fault(`${where} has no tags: add them to the schema of its route`)
  const given = schema.example
  const behaviour = behaviourOf(described)
  const kind = { method: behaviour, path: pathOf(url), keyed: requires !== undefined }
  const body = (schema.shown?.body ?? schema.body) as Node | undefined
  return {
    operationId: operationIdOf(described),
    summary: schema.summary,
    description: descriptionOf(described),
    tags,
    ...(requires === undefined && { security: [] }),
    parameters: [...parametersOf(schema, components), ...commonHeaders(kind)],
    ...(body !== undefined && {
      requestBody: bodyOf(
        components.schema(body, operationName(schema.operationId, 'Request')),
        isOptional(body),
        given?.request ?? example('request')(body),
      ),
    }),
    responses: {
      ...(mayBeUnchanged(kind) && { 304: { description: 'the caller has it already (If-None-Match)' } }),
      ...responsesOf(
        (schema.response ?? {}) as Node,
        {
          method: behaviour,
          resource: requires?.resource ?? null,
          params: paramsOf(url),
          url,
          action: actionOf(url),
          bodyProperties: body === undefined ? null : propertiesOf(schema.body as Node),
        },
        components,
        {
          name: operationName(schema.operationId, 'Result'),
          exampleFor: (part) => given?.response ?? example('response')(part),
        },
      ),
    },
  }
}

/** What an operation does, where its route says more than the summary, and which key it takes. */
function descriptionOf({ route }: DescribedRoute): string {
  const { description } = route.schema ?? {}
  const key = keyText(route.config?.requires)
  return description === undefined ? key : `${description}\n\n${key}`
}

function keyText(requires: RouteRequirement | undefined): string {
  if (requires === undefined) return 'Needs no key.'
  if (requires.root) return 'Needs the root key.'
  if (OWNERS.has(requires.resource)) return 'Needs an owner key.'
  const scope = `Needs the scope \`${requires.resource}: ${requires.access}\``
  if (requires.ids.length > 0) return `${scope} for the resource, or for the queue that it is in.`
  return requires.access === 'read' ? `${scope}; shows what its targets allow.` : `${scope} for everything (\`*\`).`
}

function actionOf(url: string): string {
  return /:\w+\/([^:]*)$/.exec(url)?.[1] ?? ''
}

/** One route serves PUT and PATCH, or POST and PUT, and each of them is an operation of its own. */
function operationIdOf(described: DescribedRoute): string | undefined {
  const { method, route } = described
  const id = route.schema?.operationId
  if (method !== behaviourOf(described)) return id?.replace(/^create/, 'put')
  return method === 'PATCH' && route.method !== 'PATCH' ? id?.replace(/^update/, 'patch') : id
}

/** A PUT that creates meets, and takes, what the POST of its route does. */
function behaviourOf({ method, route }: DescribedRoute): HTTPMethods {
  return method === 'PUT' && [route.method].flat().includes('POST') ? 'POST' : method
}

function parametersOf(schema: { params?: unknown; querystring?: unknown; headers?: unknown }, components: Components) {
  return [
    ...parametersIn('path', schema.params, components),
    ...parametersIn('query', schema.querystring, components),
    ...parametersIn('header', schema.headers, components),
  ]
}

function parametersIn(place: 'path' | 'query' | 'header', schema: unknown, components: Components): Node[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Node>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rule }]) => ({
    name: place === 'path' ? snake(name) : name,
    in: place,
    ...(description !== undefined && { description }),
    required: place === 'path' || required.includes(name),
    // `?pretty` alone means true.
    ...(place === 'query' && rule.type === 'boolean' && { allowEmptyValue: true }),
    // The parser of queries refuses empty texts.
    schema: components.schema(place === 'query' && rule.type === 'string' ? { minLength: 1, ...rule } : rule),
  }))
}

function bodyOf(schema: Node, optional: boolean, example: unknown): Node {
  return { required: !optional, content: { 'application/json': { schema, example } } }
}

/** Where every property may be left out, so may the body. */
function isOptional(body: Node): boolean {
  const { type, required = [] } = body
  return type === 'object' && (required as readonly string[]).length === 0 && !needsOneOf(body)
}

function propertiesOf({ properties = {} }: Node): string[] {
  return Object.keys(properties as Node)
}

function paramsOf(url: string): string[] {
  return [...url.matchAll(/:(\w+)/g)].map(([, name]) => name!)
}

/** What is created lives one step below the listing that it was posted to. */
function exampleHref({ url, route }: DescribedRoute): string {
  const own = EXAMPLE_ORIGIN + url.replace(/:\w+/g, EXAMPLE_ID)
  return route.schema?.operationId?.startsWith('create') ? `${own}/${EXAMPLE_ID}` : own
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
