// Makes the single file that needs no Node.js on the machine: `npm run executable` writes it to build/discue.
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { memoryFlags, stagePackage } from './package.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const work = join(root, 'build', 'executable')
const output = join(root, 'build', process.platform === 'win32' ? 'discue.exe' : 'discue')

/** The modules of the server's threads, which see none of the files in the executable: each becomes one text. */
const THREADS = [
  'src/store-sqlite/thread/thread.js',
  'src/store-sqlite/file/checkpoint-thread.js',
  'src/store-sqlite/ledger/ledger-thread.js',
]
/** Of what is installed, what a program reads. */
const READ_BY_PROGRAMS = /\.(?:js|cjs|mjs|json)$/
/** Of the package, what only people and debuggers read. */
const READ_BY_PEOPLE = /(?:\.d\.ts|\.map|\.md|\.tgz)$|^bin\//

/** Where the files of the executable are on this disk, by their paths in it. Throws where one cannot be made. */
async function gatherFiles() {
  const staged = stagePackage()
  const files = {}
  for (const path of globSync('**/*.*', { cwd: staged }))
    if (!READ_BY_PEOPLE.test(path)) files[path] = join(staged, path)
  for (const folder of foldersOfDependencies())
    for (const path of globSync(`${folder}/**/*.*`, { cwd: root, exclude: (name) => name.endsWith('/node_modules') }))
      if (READ_BY_PROGRAMS.test(path)) files[path] = join(root, path)
  for (const path of THREADS) files[`threads/${path.split('/').at(-1)}`] = await bundle(join(staged, path))
  return files
}

/** Of what the lock file names: not the tools of development, nor the pinned Node.js, which is the executable itself. */
function foldersOfDependencies() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const isOfServer = ([path, { dev, optional }]) =>
    path !== '' && !dev && !optional && !/node_modules\/node(?:$|-)/.test(path)
  return Object.entries(packages)
    .filter(isOfServer)
    .map(([path]) => path)
}

async function bundle(entry) {
  const outfile = join(work, 'threads', entry.split('/').at(-1))
  await build({
    ...{ entryPoints: [entry], outfile, bundle: true },
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  })
  return outfile
}

rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
const main = join(work, 'main.mjs')
writeFileSync(main, `await import('./src/main.js')\n`)
const settings = join(work, 'settings.json')
writeFileSync(
  settings,
  JSON.stringify({
    ...{ main, mainFormat: 'module', output, useVfs: true, disableExperimentalSEAWarning: true },
    execArgv: memoryFlags(),
    assets: await gatherFiles(),
  }),
)
const { status } = spawnSync(join(root, 'node_modules/.bin/node'), ['--build-sea', settings], {
  stdio: ['ignore', 2, 2],
})
process.exitCode = status ?? 1
