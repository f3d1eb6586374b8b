// Builds the dashboard into build/dashboard, where the server finds it, with the pinned Node.js. It is built in a
// folder of its own and then moved there at once, so that no server ever reads half of it.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { besideOf, removeAbandoned, replaceWith } from './install/beside.mjs'
import { isInstalledIn } from './install/lock-file.mjs'
import { installIn, installInto } from './install/npm.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = join(root, 'dashboard')
const built = join(root, 'build', 'dashboard')
const pinnedNode = join(root, 'node_modules/.bin/node')
/** What the pages are made of, in this repository. */
const MADE_OF = [
  ...['index.html', 'package-lock.json', 'vite.config.ts', 'src'].map((name) => join('dashboard', name)),
  join('src', 'core'),
]
/** In which the build notes what it was made of. */
const DIGEST_FILE = 'made-of.txt'

function filesIn(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)))
}

function digestOfSources() {
  const digest = createHash('sha256')
  for (const path of MADE_OF.flatMap((part) => filesIn(join(root, part)))) {
    digest.update(`${path.slice(root.length)}\0`).update(readFileSync(path))
  }
  return digest.digest('hex')
}

/** Whether there is a dashboard that was made of what is there now. */
export function isDashboardBuilt() {
  try {
    return readFileSync(join(built, DIGEST_FILE), 'utf8') === digestOfSources()
  } catch {
    return false
  }
}

/**
 * Builds it where it is missing or old, and installs what it is made with. A server without it delivers all the same, so
 * that it cannot be built is told and is no reason not to start.
 */
export function ensureDashboard() {
  try {
    installDashboard()
    if (!isDashboardBuilt()) buildDashboard()
  } catch (error) {
    console.error(`discue: starting without the dashboard: ${error.message}`)
  }
}

/**
 * Builds it in a process of its own where it is missing or old, while the server starts; that process ends with this one.
 */
export function buildDashboardBeside() {
  if (isDashboardBuilt()) return
  const script = fileURLToPath(import.meta.url)
  // A group of its own, so that npm and what it starts end with it.
  const builder = spawn(pinnedNode, [script], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
  builder.on('error', (error) => console.error(`discue: without the dashboard: ${error.message}`))
  builder.unref()
  let isBuilding = true
  builder.on('exit', () => {
    isBuilding = false
  })
  process.on('exit', () => {
    if (isBuilding && builder.pid !== undefined) end(builder.pid)
  })
}

/** npm goes on through any other signal; what is left of its work is removed by the next build. */
function end(pid) {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** Installs what the dashboard is made with where something of it is missing. Throws with a line for people. */
export function installDashboard() {
  if (!isInstalledIn(source, { development: true })) installIn(source, { development: true })
}

/** Throws with a line for people where it cannot be built. */
export function buildDashboard() {
  console.error('Building the dashboard …')
  const began = performance.now()
  removeAbandoned(built)
  mkdirSync(dirname(built), { recursive: true })
  const work = besideOf(built)
  try {
    const digest = digestOfSources()
    const fresh = join(work, 'built')
    const vite = join('node_modules', 'vite', 'bin', 'vite.js')
    run(pinnedNode, [vite, 'build', '--outDir', fresh, '--logLevel', 'warn'], { cwd: workplaceIn(work) })
    writeFileSync(join(fresh, DIGEST_FILE), digest)
    replaceWith(built, fresh)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  console.error(`Built the dashboard in ${((performance.now() - began) / 1000).toFixed(0)} s`)
}

/**
 * Where the dashboard's tools are installed, that is where it is made. Else they are installed beside a copy of the
 * sources, in a folder that is removed again: a server has no use for them once its pages are there.
 */
function workplaceIn(work) {
  if (isInstalledIn(source, { development: true })) return source
  for (const part of [...MADE_OF, join('dashboard', 'tsconfig.json'), 'tsconfig.json'])
    cpSync(join(root, part), join(work, part), { recursive: true })
  installInto(join(work, 'dashboard'), { from: source, development: true })
  return join(work, 'dashboard')
}

function run(command, args, options) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed; see its message above`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (!isDashboardBuilt()) buildDashboard()
  } catch (error) {
    console.error(`discue: without the dashboard: ${error.message}`)
    process.exitCode = 1
  }
}
