#!/usr/bin/env node
// The command `discue` of the package, where everything is JavaScript already and the machine's Node.js runs it.
import module from 'node:module'

const NEEDED_NODE = 26

const found = Number.parseInt(process.versions.node, 10)
if (found < NEEDED_NODE) {
  process.stderr.write(
    `discue: Node.js ${NEEDED_NODE} or later is needed, and this is ${process.versions.node}; the single file needs none: see docs/guides/install.md\n`,
  )
  process.exit(1)
}

const { settingsOf } = await import('../src/config/sources.js')
// A command has no use for them, and no time either.
if (settingsOf(process.argv.slice(2)) !== null) withMemorySettings()
module.enableCompileCache()
// In the environment, from where the database's thread takes it.
process.env.NODE_COMPILE_CACHE ??= module.getCompileCacheDir()
await import('../src/main.js')

/** They count only for a process that begins with them: this one begins again, as the same process. */
function withMemorySettings() {
  // What `npm start` gives Node.js in a checkout.
  const memory = module.createRequire(import.meta.url)('./memory-flags.json')
  const missing = memory.filter((flag) => !process.execArgv.some((given) => given.startsWith(flag.split('=')[0])))
  if (missing.length === 0 || process.execve === undefined) return
  try {
    process.execve(process.execPath, [process.execPath, ...missing, ...process.execArgv, ...process.argv.slice(1)])
  } catch {
    // On Windows, and where the system forbids it: the server runs all the same, and takes more memory.
  }
}
