// What speaks against publishing a version: decided of facts that release.mjs gathers.

const MAX_PACKED_BYTES = 3_000_000
/** What no user of the package needs. */
const NOT_IN_PACKAGE = /(^|\/)(test|bench|node_modules|\.git)\/|\.test\.|(^|\/)\.env/

/**
 * One line for each thing that is wrong; none where the version may be published.
 *
 * - `version` what package.json says, `versions` what other files say by their names
 * - `changelog` its text, `today` as in it (2026-01-31)
 * - `changed` files that git would commit, `tags` those at the commit, `taggedElsewhere` whether the version's is at another
 * - `packed` what `npm pack` says: `{ version, size, files }`
 * - `isDescriptionCurrent` whether `npm run openapi` would change nothing
 */
export function releaseFaults(facts) {
  return [...versionFaults(facts), ...changelogFaults(facts), ...gitFaults(facts), ...packageFaults(facts)]
}

function versionFaults({ version, versions, isDescriptionCurrent }) {
  const faults = Object.entries(versions)
    .filter(([, other]) => other !== version)
    .map(([file, other]) => `${file} says ${other}, package.json ${version}`)
  if (!/^\d+\.\d+\.\d+(-[0-9a-z.]+)?$/.test(version)) faults.push(`${version} is no version that npm and Go both take`)
  if (!isDescriptionCurrent) faults.push('docs/api or a client is not made of the routes: npm run openapi')
  return faults
}

function changelogFaults({ version, changelog, today }) {
  const [first] = changelog.match(/^## .*$/gm) ?? []
  const expected = `## ${version} (${today})`
  if (first !== expected) return [`CHANGELOG.md begins with "${first}" and not with "${expected}"`]
  const [, section = ''] = changelog.split(/^## .*$/m)
  return /^- /m.test(section) ? [] : ['CHANGELOG.md says nothing of this version']
}

function gitFaults({ version, changed, tags, taggedElsewhere }) {
  const faults = changed.map((file) => `${file} is not committed`)
  if (taggedElsewhere) faults.push(`the tag v${version} is at another commit: this version was published before`)
  else if (!tags.includes(`v${version}`)) faults.push(`this commit has no tag v${version}: git tag -a v${version}`)
  return faults
}

function packageFaults({ version, packed }) {
  const faults = []
  if (packed.version !== version) faults.push(`the package is of ${packed.version}`)
  if (packed.size > MAX_PACKED_BYTES) faults.push(`the package has ${packed.size} bytes, more than ${MAX_PACKED_BYTES}`)
  for (const file of packed.files) if (NOT_IN_PACKAGE.test(file)) faults.push(`the package holds ${file}`)
  for (const file of ['LICENSE', 'THIRD_PARTY_NOTICES.md', 'build/dashboard/index.html', 'src/embedded.js'])
    if (!packed.files.includes(file)) faults.push(`the package lacks ${file}`)
  return faults
}
