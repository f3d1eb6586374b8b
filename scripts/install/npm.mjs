import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { besideOf, removeAbandoned, replaceWith } from './beside.mjs'

const FILES = ['package.json', 'package-lock.json', '.npmrc']
/** Of the pinned Node.js: what compilers of native modules need, which are not used, a third of it. */
const HEADERS = 'node_modules/node/node_modules'

/**
 * Installs what the lock file of `folder` names, with npm, in a folder beside it that then replaces `node_modules`: a
 * server that runs from there goes on, and where npm fails, for want of a network, all is as it was.
 *
 * Throws with a line for people.
 */
export function installIn(folder, { development }) {
  const modules = join(folder, 'node_modules')
  removeAbandoned(modules)
  const beside = besideOf(modules)
  try {
    installInto(beside, { from: folder, development })
    replaceWith(modules, join(beside, 'node_modules'))
  } finally {
    rmSync(beside, { recursive: true, force: true })
  }
}

/** Installs into `target` what the lock file of `from` names. Throws with a line for people. */
export function installInto(target, { from, development }) {
  mkdirSync(target, { recursive: true })
  for (const file of FILES) if (existsSync(join(from, file))) copyFileSync(join(from, file), join(target, file))
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(development ? [] : ['--omit=dev'])]
  const shell = process.platform === 'win32'
  const { status } = spawnSync(npm, args, { cwd: target, stdio: ['ignore', 2, 2], shell })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed; see its message above`)
  removeHeaders(target)
}

function removeHeaders(target) {
  const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  for (const part of ['include', 'share']) {
    rmSync(join(target, HEADERS, platform, part), { recursive: true, force: true })
  }
}
