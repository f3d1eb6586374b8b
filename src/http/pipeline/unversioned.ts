import type { RouteOptions } from 'fastify'

export const VERSION_ONE = '/v1'

/** Finds the paths of the first version that were written without it. */
export interface Unversioned {
  /** Is told of every route as it is added. */
  note(route: Pick<RouteOptions, 'url'>): void
  /** The path that the router knows, with its query. */
  routed(request: { url?: string }): string
}

/**
 * A path without a version means the first one: `/queues` is `/v1/queues`. Rewriting it spares building every route twice
 * at each start. What begins such a path is what begins a route of that version, so that no list of them has to be kept.
 */
export function createUnversioned(): Unversioned {
  const nouns = new Set<string>()
  return {
    note({ url }) {
      if (url.startsWith(`${VERSION_ONE}/`)) nouns.add(firstStepOf(url.slice(VERSION_ONE.length)))
    },
    routed: ({ url = '/' }) => (nouns.has(firstStepOf(url)) ? VERSION_ONE + url : url),
  }
}

/** `/queues` of `/queues/4?pretty`, with its slash. */
function firstStepOf(url: string): string {
  for (let at = 1; at < url.length; at++) if (url[at] === '/' || url[at] === '?') return url.slice(0, at)
  return url
}
