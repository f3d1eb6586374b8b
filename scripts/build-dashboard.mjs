// Builds the dashboard into build/dashboard, where the server finds it, with the pinned Node.js. It is built in a
// folder of its own and then moved there at once, so that no server ever reads half of it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = join(root, 'dashboard')
const built = join(root, 'build', 'dashboard')
/** What the pages are made of. A folder's own time tells of files that are gone. */
const MADE_OF = [
  ...['index.html', 'package-lock.json', 'vite.config.ts', 'src'].map((name) => join(source, name)),
  join(root, 'src', 'core'),
]

const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

function newestIn(path) {
  const own = modifiedAt(path)
  if (!statSync(path).isDirectory()) return own
  return Math.max(own, ...readdirSync(path).map((name) => newestIn(join(path, name))))
}

/** Whether there is a dashboard that is newer than all that it is made of. */
export function isDashboardBuilt() {
  const builtAt = modifiedAt(join(built, 'index.html'))
  return builtAt > 0 && MADE_OF.every((path) => newestIn(path) <= builtAt)
}

/**
 * Builds it where it is missing or old. A server without it delivers all the same, so that it cannot be built is told
 * and is no reason not to start.
 */
export function ensureDashboard() {
  try {
    if (!isDashboardBuilt()) buildDashboard()
  } catch (error) {
    console.error(`discue: starting without the dashboard: ${error.message}`)
  }
}

/** Installs what the dashboard is made with where that is needed. Throws with a line for people. */
export function installDashboard() {
  const installedAt = modifiedAt(join(source, 'node_modules', '.package-lock.json'))
  if (installedAt >= modifiedAt(join(source, 'package-lock.json'))) return
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { shell: process.platform === 'win32' })
}

/** Throws with a line for people where it cannot be built. */
export function buildDashboard() {
  console.error('Building the dashboard …')
  installDashboard()
  const fresh = join(root, 'build', `dashboard-${process.pid}`)
  const replaced = `${fresh}-replaced`
  mkdirSync(dirname(built), { recursive: true })
  try {
    const vite = join(source, 'node_modules', 'vite', 'bin', 'vite.js')
    run(join(root, 'node_modules/.bin/node'), [vite, 'build', '--outDir', fresh, '--logLevel', 'warn'], {})
    if (modifiedAt(built) > 0) renameSync(built, replaced)
    renameSync(fresh, built)
  } finally {
    for (const folder of [fresh, replaced]) rmSync(folder, { recursive: true, force: true })
  }
}

function run(command, args, options) {
  const { status } = spawnSync(command, args, { cwd: source, stdio: ['ignore', 2, 2], ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed; see its message above`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildDashboard()
