import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'node:test'

const TESTS = join(import.meta.dirname, '..')

/** Folders whose tests start nothing but what they stop themselves; `test/groups/` has a file for each group. */
export const GROUPS = {
  core: ['app', 'config', 'core'],
  http: ['http'],
}

/**
 * Runs the files of tests in these folders within this process: in a process of its own each would load the sources
 * again, which takes longer than most of them run. Each file is a suite, so that its hooks are its own; all are loaded
 * before the first test begins, since a test may move the clock, or watch what Node.js is asked for.
 */
export function runInOneProcess(folders: readonly string[]): void {
  describe(folders.join(', '), async () => {
    for (const path of filesIn(folders)) await loaded(path)
  })
}

/** The files of tests in these folders, by their paths within `test/`. */
export function filesIn(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: TESTS })).sort()
}

/** Resolves when the file has said which tests it has; where it cannot be loaded, its suite fails, and it alone. */
function loaded(path: string): Promise<void> {
  return new Promise((resolve) => {
    describe(path, () => import(join(TESTS, path)).then(() => undefined).finally(resolve))
  })
}
