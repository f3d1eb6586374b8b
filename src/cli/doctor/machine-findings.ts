import { readFile, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { policyLine } from '../../app/limits/target-policy.ts'
import { type Config, readConfig } from '../../config/config.ts'
import { diskFinding, type Finding, fileLimitFinding } from './finding.ts'

/** What this machine tells, by the settings of this shell: those of the server, where it is started from it. */
export async function machineFindings(): Promise<Finding[]> {
  const config = readSettings()
  if (!('host' in config)) return [config, await fileLimits()]
  return [...(await databaseFindings(config)), await fileLimits(), namesFinding(config), targetsFinding(config)]
}

function readSettings(): Config | Finding {
  try {
    return readConfig([])
  } catch (error) {
    const advice = 'mend it: the server would not start; discue serve --help lists all settings'
    return { verdict: 'bad', check: 'settings', found: (error as Error).message, advice }
  }
}

async function databaseFindings({ database }: Config): Promise<Finding[]> {
  const check = 'store'
  if (database.kind === 'postgres') {
    return [{ verdict: 'ok', check, found: 'PostgreSQL, which the server answers for' }]
  }
  const { path } = database
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error)
  if (found instanceof Error) {
    const said = `${path} cannot be read here: ${found.code}`
    const advice = 'where the server runs elsewhere, ask there; else see DISCUE_DATABASE_URL'
    return [{ verdict: 'warn', check, found: said, advice }]
  }
  const folder = dirname(path)
  const { bavail, bsize } = await statfs(folder)
  const size = `${(found.size / 1024 ** 2).toFixed(1)} MiB in ${path}`
  return [{ verdict: 'ok', check, found: `SQLite, ${size}` }, diskFinding(folder, bavail * bsize)]
}

async function fileLimits(): Promise<Finding> {
  return fileLimitFinding(await readFile('/proc/self/limits', 'utf8').catch(() => null))
}

function namesFinding({ dnsServers }: Config): Finding {
  const found = dnsServers === null ? 'looked up as this machine does' : `looked up at ${dnsServers.join(', ')}`
  return { verdict: 'ok', check: 'names', found }
}

function targetsFinding(config: Config): Finding {
  // Which listeners it forbids is told by each of them.
  const line = policyLine(config, { count: 0, complete: true, ids: [] }).split(';')[0]!
  return { verdict: 'ok', check: 'targets', found: line }
}
