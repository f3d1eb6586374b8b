import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ReleaseFacts, releaseFaults } from '../../scripts/release/faults.mjs'

const NEEDED = ['LICENSE', 'THIRD_PARTY_NOTICES.md', 'build/dashboard/index.html', 'src/embedded.js']
const GOOD: ReleaseFacts = {
  version: '1.2.3',
  versions: { 'package-lock.json': '1.2.3' },
  changelog: '# Changelog\n\n## 1.2.3 (2026-01-31)\n\n- Something.\n\n## 1.2.2 (2026-01-01)\n',
  today: '2026-01-31',
  changed: [],
  tags: ['v1.2.3'],
  taggedElsewhere: false,
  packed: { version: '1.2.3', size: 2_000_000, files: [...NEEDED, 'src/testing/latest.js'] },
  isDescriptionCurrent: true,
}

test('a version that is ready has nothing against it', () => {
  assert.deepEqual(releaseFaults(GOOD), [])
})

const FAULTS: [string, Partial<ReleaseFacts>, RegExp][] = [
  ['a version that another file says otherwise', { versions: { 'Chart.yaml': '1.2.2' } }, /^Chart.yaml says 1\.2\.2/],
  ['a file that says no version', { versions: { 'Chart.yaml': undefined } }, /^Chart.yaml says undefined/],
  ['a version that Go does not take', { version: 'v1' }, /no version that npm and Go both take/],
  ['a description that is old', { isDescriptionCurrent: false }, /npm run openapi/],
  [
    'changes that have no version',
    { changelog: '# Changelog\n\n## Unreleased\n\n- A.\n' },
    /begins with "## Unreleased"/,
  ],
  ['a changelog of another day', { today: '2026-02-01' }, /and not with "## 1\.2\.3 \(2026-02-01\)"/],
  ['a changelog that says nothing', { changelog: '## 1.2.3 (2026-01-31)\n\n## 1.2.2\n\n- A.\n' }, /says nothing/],
  ['what is not committed', { changed: ['src/main.ts'] }, /src\/main\.ts is not committed/],
  ['a commit without a tag', { tags: [] }, /has no tag v1\.2\.3/],
  ['a version that was published before', { tags: [], taggedElsewhere: true }, /published before/],
  ['a package of another version', { packed: { ...GOOD.packed, version: '1.2.2' } }, /the package is of 1\.2\.2/],
  ['a package that is large', { packed: { ...GOOD.packed, size: 3_000_001 } }, /3000001 bytes/],
  ['a package with tests', { packed: { ...GOOD.packed, files: [...NEEDED, 'test/a.js'] } }, /holds test\/a\.js/],
  ['a package without notices', { packed: { ...GOOD.packed, files: ['LICENSE'] } }, /lacks THIRD_PARTY_NOTICES\.md/],
]

for (const [what, facts, expected] of FAULTS) {
  test(`is found before anything is published: ${what}`, () => {
    assert.match(releaseFaults({ ...GOOD, ...facts }).join('\n'), expected)
  })
}
