// The licences of what a package, an executable or an image of discue brings along: `npm run notices` writes them to
// THIRD_PARTY_NOTICES.md, out of the two lock files and what is installed by them.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installDashboard } from '../build-dashboard.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const HEAD = `# What discue brings along

Parts of others, with their licences: what the server needs when it runs, and what its dashboard is made of. The package
holds the dashboard; the single file and the image hold all of it, and Node.js, whose licence is at
https://github.com/nodejs/node/blob/main/LICENSE. Written by \`npm run notices\`.
`
const LICENCE_FILE = /^(licen[cs]e|copying|ofl)(\.|-|$)/i

/** What a lock file installs beside tools: `{ name, version, license, path }`, each version once, sorted by name. */
export function bundledIn(lock) {
  const found = new Map()
  for (const [path, { version, license, dev, devOptional }] of Object.entries(lock.packages)) {
    if (path === '' || dev || devOptional) continue
    const name = path.replace(/.*node_modules\//, '')
    found.set(`${name} ${version}`, { name, version, license, path })
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** The line under which a part stands. */
export function headingOf({ name, version, license }) {
  return `## ${name} ${version} (${license})`
}

function textOf(folder) {
  const file = readdirSync(folder).find((name) => LICENCE_FILE.test(name))
  return file === undefined
    ? 'It comes without a text of its licence.'
    : readFileSync(join(folder, file), 'utf8').trim()
}

function notices() {
  const places = ['.', 'dashboard']
  const parts = places.flatMap((place) => {
    const lock = JSON.parse(readFileSync(join(root, place, 'package-lock.json'), 'utf8'))
    return bundledIn(lock).map((part) => ({ ...part, folder: join(root, place, part.path) }))
  })
  const sections = parts
    // Those of other machines are not installed here.
    .filter(({ folder }) => existsSync(folder))
    .map((part) => `${headingOf(part)}\n\n\`\`\`text\n${textOf(part.folder)}\n\`\`\`\n`)
  return [HEAD, ...sections].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installDashboard()
  writeFileSync(join(root, 'THIRD_PARTY_NOTICES.md'), notices())
}
