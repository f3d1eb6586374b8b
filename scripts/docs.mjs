// Builds the documentation into build/docs, or serves it while it is written (`npm run docs:dev`), with the pinned
// Node.js. What it is made with is installed apart from the server, in docs/.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeApiPages } from './api-pages.mjs'
import { ensureInstalled, pinnedNode } from './installed.mjs'

const docs = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs')
const modifiedAt = (path) => statSync(join(docs, path), { throwIfNoEntry: false })?.mtimeMs ?? 0

ensureInstalled()
if (modifiedAt('node_modules/.package-lock.json') < modifiedAt('package-lock.json')) {
  run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}
writeApiPages()
const vitepress = 'node_modules/vitepress/bin/vitepress.js'
if (process.argv[2] === 'dev') run(pinnedNode, [vitepress, 'dev', '.'])
else run(pinnedNode, [vitepress, 'build', '.', '--outDir', '../build/docs'])

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: docs, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}
