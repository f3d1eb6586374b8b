import type { RouteOptions } from 'fastify'
import type { Sample } from './exposition.ts'

/** Requests by method, route and class of status, counted as they are answered. */
export interface RequestCounts {
  /** Makes a route count its answers. */
  watch(route: RouteOptions): void
  /** Counts answers of a route that is watched, given by something else than the route. To be kept: it looks for the route. */
  counterOf(method: string, route: string): (status: number) => void
  /** A request that no route is there for. */
  unrouted(method: string, status: number): void
  samples(): Sample[]
}

const STATUS_CLASSES = 5
/** The label of paths that do not exist: what callers put into them is theirs, and without end. */
const NO_ROUTE = 'none'
/** Methods that are counted by name; a client may send any other, which are counted together. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Counts by class of status: the first place is for 1xx. */
type Counts = Float64Array

export function createRequestCounts(): RequestCounts {
  const counted: { method: string; route: string; counts: Counts }[] = []
  const byMethod = new Map<string, Counts>()

  function add(method: string, route: string): Counts {
    const counts = new Float64Array(STATUS_CLASSES)
    counted.push({ method, route, counts })
    return counts
  }

  return {
    watch(route) {
      const [first = 'GET', ...others] = [route.method].flat()
      const counts = new Map([first, ...others].map((method) => [method, add(method, route.url)]))
      const only = others.length === 0 ? counts.get(first)! : null
      route.onSend = [
        (request, reply, _payload, done) => {
          count(only ?? counts.get(request.method as typeof first)!, reply.statusCode)
          done()
        },
        ...[route.onSend ?? []].flat(),
      ]
    },
    counterOf(method, route) {
      const watched = counted.find((one) => one.method === method && one.route === route)
      const counts = watched?.counts ?? add(method, route)
      return (status) => count(counts, status)
    },
    unrouted(method, status) {
      const label = METHODS.has(method) ? method : 'other'
      const counts = byMethod.get(label) ?? add(label, NO_ROUTE)
      byMethod.set(label, counts)
      count(counts, status)
    },
    samples() {
      return counted.flatMap(({ method, route, counts }) =>
        [...counts].flatMap((value, place) =>
          value === 0 ? [] : [{ labels: { method, route, status: `${place + 1}xx` }, value }],
        ),
      )
    },
  }
}

function count(counts: Counts, status: number): void {
  counts[Math.floor(status / 100) - 1]! += 1
}
