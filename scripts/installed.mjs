import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The Node.js that the repository pins. */
export const pinnedNode = join(root, 'node_modules/.bin/node')

/**
 * Installs when the lock file is newer than the last install, which costs one stat call where it is not; answers
 * whether it had to. Ends the process, with one line that says why, where it cannot.
 */
export function ensureInstalled() {
  const stale = modifiedAt('node_modules/.package-lock.json') < modifiedAt('package-lock.json')
  if (stale) install()
  if (!existsSync(pinnedNode)) fail('the pinned Node.js is not installed: run npm ci without --ignore-scripts')
  return stale
}

/** Runs the command on the pinned Node.js; this process only passes on what it is told. */
export function runOnPinnedNode() {
  const child = spawn(pinnedNode, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  // A terminal sends this one to both.
  process.on('SIGINT', () => {})
  child.on('exit', (code) => process.exit(code ?? 1))
}

function modifiedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function install() {
  console.error('Installing dependencies, the pinned Node.js among them …')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const result = spawnSync(npm, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (result.status !== 0) fail(`npm ${args.join(' ')} failed; see its message above`)
}

function fail(message) {
  console.error(`discue: ${message}`)
  process.exit(1)
}
