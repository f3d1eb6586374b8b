import { notUnderstood, type UsedFeature } from '../../core/feature.ts'
import { type Fault, Problem } from '../../core/problem.ts'
import type { Store } from '../../store/store.ts'

type Deps = { store: Pick<Store, 'nodesWithout'> }

/**
 * What is wrong with making use of these where a node that lives on the same database does not know one of them. Goes by what
 * this node knows of the others, a few seconds old at most, and asks no store.
 */
export function featureFaults({ store }: Deps, used: readonly UsedFeature[]): Fault[] {
  return used.flatMap(({ feature, path }) => {
    const message = notUnderstood(store.nodesWithout(feature))
    return message === null ? [] : [{ path, message }]
  })
}

/** Throws `invalid` for these faults. */
export function expectUnderstood(deps: Deps, used: readonly UsedFeature[]): void {
  const errors = featureFaults(deps, used)
  if (errors.length > 0) throw new Problem('invalid', { errors })
}
