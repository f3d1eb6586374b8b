import { type Feature, notUnderstood } from '../../core/feature.ts'
import { Problem } from '../../core/problem.ts'
import type { Store } from '../../store/store.ts'

type Deps = { store: Pick<Store, 'nodesWithout'> }

/** Something that a request makes use of, and where it stands in the body. */
interface UsedFeature {
  feature: Feature
  path: string
}

/**
 * Throws `invalid` where a node that lives on the same database does not know one of these. Goes by what this node knows of
 * the others, a few seconds old at most, and asks no store.
 */
export function expectUnderstood({ store }: Deps, used: readonly UsedFeature[]): void {
  const errors = used.flatMap(({ feature, path }) => {
    const message = notUnderstood(store.nodesWithout(feature))
    return message === null ? [] : [{ path, message }]
  })
  if (errors.length > 0) throw new Problem('invalid', { errors })
}
