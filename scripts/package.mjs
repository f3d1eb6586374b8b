// Makes the package that people install: `npm run package` writes it to build/discue-<version>.tgz.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDashboard, installDashboard, isDashboardBuilt } from './build-dashboard.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const staged = join(root, 'build', 'package')

const TYPES = 'src/embedded.d.ts'

/** What the compiler does not write: what is read as text, and what people read. */
const TEXTS = [
  'src/**/*.{sql,html,css}',
  'src/http/reference/*.js',
  'torture/servers/disk.c',
  'build/dashboard/**',
  'deploy/discue.service',
  '{LICENSE,THIRD_PARTY_NOTICES.md,README.md,CHANGELOG.md}',
]

/** Makes the folder of the package, and answers with its path. Throws where a step fails. */
export function stagePackage() {
  if (!isDashboardBuilt()) {
    installDashboard()
    buildDashboard()
  }
  rmSync(staged, { recursive: true, force: true })
  run(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.package.json'])
  removeUnreachableTypes()
  for (const path of TEXTS.flatMap((pattern) => globSync(pattern, { cwd: root }))) copy(path, path)
  copy('bin/packaged.mjs', 'bin/discue.mjs')
  chmodSync(join(staged, 'bin/discue.mjs'), 0o755)
  writeFileSync(join(staged, 'bin/memory-flags.json'), JSON.stringify(memoryFlags()))
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
  return staged
}

/** Removes the types that no program reaches from the package's entry: a third of its files. */
function removeUnreachableTypes() {
  const reached = new Set()
  const reach = (path) => {
    if (reached.has(path)) return
    reached.add(path)
    for (const [, specifier] of readFileSync(path, 'utf8').matchAll(/(?:from|import\() ?['"](\.[^'"]+)\.[jt]s['"]/g))
      reach(join(dirname(path), `${specifier}.d.ts`))
  }
  reach(join(staged, TYPES))
  for (const path of globSync('**/*.d.ts', { cwd: staged }).map((path) => join(staged, path)))
    if (!reached.has(path)) rmSync(path)
}

function copy(from, to) {
  mkdirSync(dirname(join(staged, to)), { recursive: true })
  cpSync(join(root, from), join(staged, to), { recursive: true })
}

/** What `npm start` tells Node.js about memory: a server that is got elsewhere has it too. */
export function memoryFlags() {
  return ofRepository()
    .scripts.start.split(' ')
    .filter((word) => word.startsWith('--'))
}

function ofRepository() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}

/** The manifest of the package: what of the repository's holds for a project that installs it. */
function manifest() {
  const { name, version, description, license, type, engines, bin, dependencies } = ofRepository()
  // The machine's own Node.js runs it.
  const { node: _pinned, ...needed } = dependencies
  const entry = { types: `./${TYPES}`, default: './src/embedded.js' }
  return {
    ...{ name, version, description, license, type, engines, bin },
    exports: { '.': entry, './package.json': './package.json' },
    types: entry.types,
    dependencies: needed,
  }
}

function run(command, args, cwd = root) {
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed; see its message above`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = stagePackage()
  run('npm', ['pack', folder, '--pack-destination', join(root, 'build'), '--loglevel=error'])
}
