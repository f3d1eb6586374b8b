import { isId } from '../core/id.ts'
import { Problem, type ProblemCode } from '../core/problem.ts'

/** Spares the store a question that has no answer: what does not look like an id names nothing. */
export function expectIds(ids: readonly string[], notFound: ProblemCode): void {
  for (const id of ids) if (!isId(id)) throw new Problem(notFound)
}
