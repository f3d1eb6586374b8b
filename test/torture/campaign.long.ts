import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { torture } from '../../torture/torture.ts'

const timeout = 900_000

async function campaigns(t: TestContext, given: { store: 'sqlite' | 'postgres'; nodes: number; faults: number }) {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const lines: string[] = []
  const rest = { only: null, campaigns: 1, minutes: null, folder: null, note: () => undefined }
  const { violations } = await torture({ ...given, ...rest, seed, print: (line) => void lines.push(line) })
  for (const line of lines) t.diagnostic(line)
  assert.equal(violations, 0, lines.join('\n'))
}

test('a server on SQLite keeps its promises through faults that no test has thought of', { timeout }, (t) =>
  campaigns(t, { store: 'sqlite', nodes: 1, faults: 12 }),
)

test(
  'three nodes on PostgreSQL keep theirs, whatever happens to them, to the database and on the way',
  { timeout },
  (t) => campaigns(t, { store: 'postgres', nodes: 3, faults: 6 }),
)
