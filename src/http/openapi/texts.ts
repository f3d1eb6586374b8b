import type { RouteRequirement } from '../contract.ts'
import type { DescribedRoute } from './described.ts'

/** What an operation does, where its route says more than the summary, and which key it takes. */
export function descriptionOf({ route }: DescribedRoute): string {
  const { description } = route.schema ?? {}
  const key = keyText(route.config?.requires)
  return description === undefined ? key : `${description}\n\n${key}`
}

/** Only owner keys have the resources that cannot be granted. */
const OWNERS: ReadonlySet<string> = new Set(['api_clients', 'api_keys'])

function keyText(requires: RouteRequirement | undefined): string {
  if (requires === undefined) return 'Needs no key.'
  if (requires.root) return 'Needs the root key.'
  if (OWNERS.has(requires.resource)) return 'Needs an owner key.'
  const scope = `Needs the scope \`${requires.resource}: ${requires.access}\``
  if (requires.ids.length > 0) return `${scope} for the resource, or for the queue that it is in.`
  return requires.access === 'read' ? `${scope}; shows what its targets allow.` : `${scope} for everything (\`*\`).`
}
