import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isInstalledIn } from './install/lock-file.mjs'
import { installIn } from './install/npm.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The Node.js that the repository pins. */
export const pinnedNode = join(root, 'node_modules/.bin/node')

/**
 * Installs where something that the lock file names is missing, which costs reading two files where nothing is; answers
 * whether it had to. A server needs less than its developers do. Ends the process, with one line that says why, where it
 * cannot be installed: what was there before is there still.
 */
export function ensureInstalled({ development }) {
  const incomplete = !isInstalledIn(root, { development })
  if (incomplete) install({ development })
  if (!existsSync(pinnedNode)) fail('the pinned Node.js is not installed: run npm ci without --ignore-scripts')
  return incomplete
}

/** What asks a server to stop. */
const STOPS = ['SIGTERM', 'SIGINT', 'SIGHUP']

/**
 * Runs the command on the pinned Node.js; this process only passes on what it is told, and ends as that one does. It passes
 * on each signal, though a terminal or a service manager may have sent it to both: that is for the server to tell apart.
 */
export function runOnPinnedNode() {
  const child = spawn(pinnedNode, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' })
  for (const name of STOPS) process.on(name, () => child.kill(name))
  child.on('error', (error) => fail(`the pinned Node.js cannot be started: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    for (const name of STOPS) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

function install({ development }) {
  const began = performance.now()
  console.error('Installing dependencies, the pinned Node.js among them …')
  try {
    installIn(root, { development })
  } catch (error) {
    fail(error.message)
  }
  console.error(`Installed in ${((performance.now() - began) / 1000).toFixed(0)} s`)
}

function fail(message) {
  console.error(`discue: ${message}`)
  process.exit(1)
}
