// Runs before every npm script, on whatever Node the machine has (20 or later),
// so that a fresh clone needs no other command. It installs when the lock file
// is newer than the last install, and then costs one stat call a start.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modifiedAt = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0
const installedAt = modifiedAt('node_modules/.package-lock.json')

if (installedAt < modifiedAt('package-lock.json')) {
  console.error('Installing dependencies, the pinned Node.js among them …')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const result = spawnSync(npm, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (result.status !== 0) fail(`npm ${args.join(' ')} failed; see its message above`)
}
if (!existsSync(join(root, 'node_modules/.bin/node'))) {
  fail('the pinned Node.js is not installed: run npm ci without --ignore-scripts')
}
// `dashboard` asks for what a person sees at /, too. A server without it delivers all the same, so that it cannot be
// built is no reason not to start.
if (process.argv[2] === 'dashboard') {
  const { buildDashboard, isDashboardBuilt } = await import('./build-dashboard.mjs')
  try {
    if (!isDashboardBuilt()) buildDashboard()
  } catch (error) {
    console.error(`discue: starting without the dashboard: ${error.message}`)
  }
}

function fail(message) {
  console.error(`discue: ${message}`)
  process.exit(1)
}
