// `npm start`, in one process where nothing is to be installed: the check before every other script is one more Node.js
// to start, a fifth of what a start costs. It runs on whatever Node the machine has; the server on the pinned one.
import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { ensureDashboard } from './build-dashboard.mjs'
import { ensureInstalled, pinnedNode } from './installed.mjs'

const installed = ensureInstalled()
ensureDashboard()
if (!installed && realpathSync(process.execPath) === realpathSync(pinnedNode)) await import('../bin/discue.mjs')
else startAgain()

/** The same command on the Node.js that has just been installed; this process only passes on what it is told. */
function startAgain() {
  const child = spawn(pinnedNode, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  // A terminal sends this one to both.
  process.on('SIGINT', () => {})
  child.on('exit', (code) => process.exit(code ?? 1))
}
