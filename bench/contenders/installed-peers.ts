import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { here } from '../load/place.ts'

const modifiedAt = (path: string) => statSync(here('..', 'peers', path), { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Installs what the peers are made of, from a lock file of their own; nothing else of the repository needs them. */
export function installPeers(): void {
  if (modifiedAt('node_modules/.package-lock.json') >= modifiedAt('package-lock.json')) return
  process.stderr.write('  installing the peers …\n')
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts']
  const { status } = spawnSync('npm', args, { cwd: here('..', 'peers'), stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the peers could not be installed; see the message of npm above')
}
