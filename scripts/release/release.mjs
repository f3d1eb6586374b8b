// Whether this commit may be published: `npm run release` looks at version, changelog, tag, package and description, makes
// the package, and says what to type next. It publishes nothing itself.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stagePackage } from '../package.mjs'
import { releaseFaults } from './faults.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const read = (path) => readFileSync(join(root, path), 'utf8')
const versionIn = (path, pattern) => pattern.exec(read(path))?.[1]

/** Where a version stands beside package.json. */
const VERSIONS = {
  'package-lock.json': /"version": "(.*?)"/,
  'clients/typescript/package.json': /"version": "(.*?)"/,
  'clients/python/pyproject.toml': /^version = "(.*)"$/m,
  'deploy/helm/discue/Chart.yaml': /^appVersion: "(.*)"$/m,
  'docs/api/openapi.json': /"version": "(.*?)"/,
}

function output(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`)
  return stdout
}

const linesOf = (text) => text.split('\n').filter((line) => line !== '')

function facts() {
  const { version } = JSON.parse(read('package.json'))
  const tags = linesOf(output('git', ['tag', '--points-at', 'HEAD']))
  const known = linesOf(output('git', ['tag', '--list', `v${version}`]))
  const changed = linesOf(output('git', ['status', '--porcelain'])).map((line) => line.slice(3))
  const described = spawnSync(process.execPath, ['--test', 'test/http/openapi.test.ts'], { cwd: root })
  const [packed] = JSON.parse(
    output('npm', ['pack', stagePackage(), '--json', '--pack-destination', join(root, 'build')]),
  )
  return {
    ...{ version, tags, changed, changelog: read('CHANGELOG.md'), today: new Date().toISOString().slice(0, 10) },
    versions: Object.fromEntries(Object.entries(VERSIONS).map(([path, pattern]) => [path, versionIn(path, pattern)])),
    taggedElsewhere: known.length > 0 && !tags.includes(`v${version}`),
    packed: { version: packed.version, size: packed.size, files: packed.files.map(({ path }) => path) },
    isDescriptionCurrent: described.status === 0,
  }
}

const found = facts()
const faults = releaseFaults(found)
for (const fault of faults) console.error(`discue: ${fault}`)
if (faults.length > 0) process.exitCode = 1
else console.log(`${found.version} may be published:\n  npm publish build/discue-${found.version}.tgz`)
