// Builds the documentation into build/docs, or serves it while it is written (`npm run docs:dev`), with the pinned
// Node.js. What it is made with is installed apart from the server, in docs/.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeApiPages } from './api-pages.mjs'
import { isInstalledIn } from './install/lock-file.mjs'
import { installIn } from './install/npm.mjs'
import { ensureInstalled, pinnedNode } from './installed.mjs'

const docs = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs')

ensureInstalled({ development: true })
if (!isInstalledIn(docs, { development: true })) installIn(docs, { development: true })
writeApiPages()
const vitepress = 'node_modules/vitepress/bin/vitepress.js'
if (process.argv[2] === 'dev') run(pinnedNode, [vitepress, 'dev', '.'])
else run(pinnedNode, [vitepress, 'build', '.', '--outDir', '../build/docs'])

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: docs, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}
