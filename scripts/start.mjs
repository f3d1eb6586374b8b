// `npm start`, in one process where nothing is to be installed: the check before every other script is one more Node.js
// to start, a fifth of what a start costs. It runs on whatever Node the machine has; the server on the pinned one.
import { realpathSync } from 'node:fs'
import { buildDashboardBeside } from './build-dashboard.mjs'
import { ensureInstalled, pinnedNode, runOnPinnedNode } from './installed.mjs'

const installed = ensureInstalled({ development: false })
if (!installed && realpathSync(process.execPath) === realpathSync(pinnedNode)) {
  buildDashboardBeside()
  await import('../bin/discue.mjs')
} else runOnPinnedNode()
