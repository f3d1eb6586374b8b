import { createComponents } from './components.ts'
import type { DescribedRoute } from './described.ts'
import type { Node } from './node.ts'
import { operationOf, pathOf } from './operation.ts'
import { headerComponents } from './responses.ts'
import { tagsOf } from './tags.ts'
import { webhooks } from './webhooks.ts'

/** The document, and what routes must add for it to be complete: nothing, in a finished server. */
export interface Description {
  document: Node
  faults: string[]
}

const INFO = {
  title: 'discue scheduling and queueing API',
  version: '1',
  license: { name: 'MIT', identifier: 'MIT' },
  contact: { name: 'The maintainers of discue' },
  description: `Put a message on a queue: the server has it on disk before it answers, and carries it by HTTP to every
listener of the queue, until each has acknowledged it or its retries are used up.

- Send the API key in the header \`X-API-KEY\`. What belongs to another organization is a 404.
- Bodies and answers are JSON; times are milliseconds since the Unix epoch, in UTC.
- The same paths without \`/v1\` mean \`/v1\`.
- Every \`GET\` has its \`HEAD\`. A method that a path does not have is a 405 that lists those it has in \`Allow\`; one
  that this server does not know is a 501; a path that does not exist is a 404.
- An error says what was wrong, where, and what is allowed.`,
}

/** The name of no schema, for generators make a type of either. */
const SECURITY_SCHEME = 'apiKeyHeader'

/** Describes the routes in OpenAPI 3.1. `serverUrl` is where the paths begin, as an absolute address. */
export function describe(routes: readonly DescribedRoute[], serverUrl: string): Description {
  const components = createComponents()
  const faults: string[] = []
  const paths: Record<string, Record<string, Node>> = {}
  for (const route of routes) {
    const path = pathOf(route.url)
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operationOf(route, { components, fault: (text) => faults.push(text) })
  }
  const document = {
    openapi: '3.1.1',
    info: INFO,
    servers: [{ url: serverUrl }],
    security: [{ [SECURITY_SCHEME]: [] }],
    tags: tagsOf([paths, webhooks as typeof paths].flatMap(operationsIn)),
    paths,
    webhooks,
    components: {
      securitySchemes: {
        [SECURITY_SCHEME]: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-KEY',
          description: 'the 64 characters that the server showed when the key was made',
        },
      },
      headers: headerComponents,
      ...components.all(),
    },
  }
  return { document, faults }
}

function operationsIn(paths: Record<string, Record<string, Node>>): Node[] {
  return Object.values(paths).flatMap((path) => Object.values(path))
}
