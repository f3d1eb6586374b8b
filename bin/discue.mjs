#!/usr/bin/env node
// Starts discue with a cache of its compiled files, types already stripped: the second start is quicker and
// needs some 40 MB less. It must be set before the first of those files is loaded, hence this file, and in the
// environment, from where the database's thread takes it.
// It runs on whatever Node.js the machine has; what is behind it needs the pinned one.
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const NEEDED_NODE = 26

if (Number.parseInt(process.versions.node, 10) < NEEDED_NODE) {
  const { ensureInstalled, runOnPinnedNode } = await import('../scripts/installed.mjs')
  ensureInstalled({ development: false })
  runOnPinnedNode()
} else {
  // Where the checkout cannot be written to, whoever runs it says where else.
  const folder =
    process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('../node_modules/.cache/discue', import.meta.url))
  module.enableCompileCache(folder)
  process.env.NODE_COMPILE_CACHE = folder
  await import('../src/main.ts')
}
