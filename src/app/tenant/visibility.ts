import { isId } from '../../core/id.ts'
import { type Principal, type Resource, visible } from '../../core/tenant/api-key.ts'
import type { Only } from '../../store/listing/slice.ts'

/** The ids that a listing is restricted to for this key; null where the key sees everything. */
export function onlyVisible(principal: Principal, resource: Resource): Only {
  const shows = visible(principal, resource)
  // Asked without an id, only an unrestricted key says yes.
  if (shows()) return null
  const targets = new Set((principal.scopes ?? []).flatMap((scope) => scope.targets))
  // Keys may be older than the rule that targets are ids.
  return [...targets].filter((id) => isId(id) && shows(id))
}
