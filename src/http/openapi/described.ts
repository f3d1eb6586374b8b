import type { HTTPMethods, RouteOptions } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** What the description of this API is made of. */
    described: RouteList
  }
  /** What a route says of itself, beside the schemas that it is checked by. */
  interface FastifySchema {
    /** Unique; where a route has both PUT and PATCH, that of PUT, beginning with `update`. */
    operationId?: string
    /** One line. */
    summary?: string
    /** Markdown, where one line is not enough. */
    description?: string
    /** Taken from the demanded resource where there is one. */
    tags?: string[]
    /** Bodies to show instead of those that are put together from the schemas' own examples. */
    example?: { request?: unknown; response?: unknown }
    /** What is described in place of a schema that the request is checked by, for rules that are checked elsewhere. */
    shown?: { body?: object }
    /** Leaves the route out of the description. */
    hide?: boolean
  }
}

/** One method of one path. */
export interface DescribedRoute {
  method: HTTPMethods
  /** As the router has it: `/v1/queues/:queueId`. */
  url: string
  route: RouteOptions
}

/** Collects every route as it is added. */
export interface RouteList {
  note(route: RouteOptions): void
  /** Each operation once, in the order in which they were added; hidden ones and HEAD are left out. */
  described(): DescribedRoute[]
}

/** Every GET has its HEAD, and a reader need not be told that of each. */
const UNTOLD: ReadonlySet<string> = new Set(['HEAD', 'OPTIONS'])

export function createRouteList(): RouteList {
  const routes: RouteOptions[] = []
  return {
    note: (route) => void routes.push(route),
    described() {
      return routes.filter(isTold).flatMap(operationsOf)
    },
  }
}

/** What refuses all other methods of a path is none of its operations. */
function isTold({ schema, config }: RouteOptions): boolean {
  return schema?.hide !== true && config?.allow === undefined
}

function operationsOf(route: RouteOptions): DescribedRoute[] {
  const methods = [route.method].flat().filter((method) => !UNTOLD.has(method))
  return methods.map((method) => ({ method: method as HTTPMethods, url: route.url, route }))
}
