// Prints how the house stands: `npm run house`, or `npm run house -- FOLDER` for another checkout.
// The tests under test/house hold most of it; these are the figures, to compare one version with another.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cycleFaults, readFile } from '../test/support/source/architecture.ts'
import { OLD_WORDS } from '../test/support/source/old-words.ts'
import { bareSource } from '../test/support/source/source-reader.ts'

const here = dirname(dirname(fileURLToPath(import.meta.url)))
const root = resolve(process.argv[2] ?? here)
if (!existsSync(join(root, 'src'))) {
  console.error(`house: ${root} has no src/`)
  process.exit(1)
}

const sources = globSync('{src,test}/**/*.ts', { cwd: root })
  .filter((path) => !path.startsWith('test/house/') && !path.endsWith('/old-words.ts'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
const own = sources.filter(({ path }) => path.startsWith('src/'))

/** Every file in the folders that people look into; numbered migrations and results are read one at a time. */
function folders() {
  const count = new Map()
  for (const path of globSync('{src,test,bench,dashboard/src}/**/*.*', { cwd: root })) {
    if (/\/(migrations|results|node_modules)\//.test(path)) continue
    count.set(dirname(path), (count.get(dirname(path)) ?? 0) + 1)
  }
  const [most] = [...count].sort(([, a], [, b]) => b - a)
  const files = [...count.values()].reduce((sum, many) => sum + many, 0)
  return { most: `${most[1]} (${most[0]})`, mean: (files / count.size).toFixed(1) }
}

function oldWords() {
  const found = ({ text }) => {
    const { code } = bareSource(text)
    return OLD_WORDS.reduce(
      (sum, [old]) => sum + code.split(new RegExp(old.source.replaceAll(/\((?!\?)/g, '(?:'), old.flags)).length - 1,
      0,
    )
  }
  return sources.reduce((sum, source) => sum + found(source), 0)
}

/** By knip, with the configuration of this checkout where the other has none. */
function unusedExports() {
  const config = join(root, 'knip.jsonc')
  const args = ['--no-progress', '--reporter', 'json', '--include', 'exports,types']
  const own = existsSync(config) ? [] : ['--config', join(here, 'knip.jsonc')]
  const knip = join(here, 'node_modules', 'knip', 'bin', 'knip.js')
  const { stdout, stderr } = spawnSync(process.execPath, [knip, ...args, ...own], { cwd: root, encoding: 'utf8' })
  if (!stdout.startsWith('{')) throw new Error(`knip: ${stderr || stdout}`)
  return JSON.parse(stdout).issues.reduce((sum, { exports, types }) => sum + exports.length + types.length, 0)
}

/** A function by its name, or a method; of those whose parameters take several lines, the first. */
const FUNCTION =
  /^( *)(?:(?:export )?(?:async )?function\b|(?:static |async |get )*\*?#?(?!(?:if|for|while|switch|catch|return)\b)\w+\([^;=]*\)[^;=]*\{$)/
const LONG = 40

/** As the formatter lays them out: a function ends with the brace that stands as far in as it begins. */
function longFunctions() {
  let long = 0
  for (const { text } of own) {
    const lines = text.split('\n')
    for (const [at, line] of lines.entries()) {
      const found = FUNCTION.exec(line)
      if (found === null) continue
      const end = lines.findIndex(
        (other, index) => index > at && /^ *\},?$/.test(other) && other.startsWith(`${found[1]}}`),
      )
      if (end - at + 1 > LONG) long += 1
    }
  }
  return long
}

const { most, mean } = folders()
const figures = {
  'files a folder, most': most,
  'files a folder, mean': mean,
  'circles of imports, types too': cycleFaults(own.map(({ path, text }) => readFile(path.slice('src/'.length), text)))
    .length,
  'words of the old list': oldWords(),
  'exports that nothing imports': unusedExports(),
  'comments that begin with "The same"': sources.reduce(
    (sum, { text }) => sum + (text.match(/(\/\*\*?|\/\/)\s*(\*\s*)?The same\b/g)?.length ?? 0),
    0,
  ),
  [`functions over ${LONG} lines in src`]: longFunctions(),
}
for (const [what, figure] of Object.entries(figures)) console.log(`${what.padEnd(38)}${figure}`)
