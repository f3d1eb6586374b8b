// Fails where the registry knows of a vulnerability in what is installed, here, in the dashboard or in the documentation.
// A registry that cannot be asked, as behind a mirror that only serves packages, is no reason to fail, and is said.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDERS = ['.', 'dashboard', 'docs']

/** What `npm audit` knows of a folder's lock file: a list of what is vulnerable, or why it could not ask. */
function audit(folder) {
  const { stdout, error } = spawnSync('npm', ['audit', '--json', '--package-lock-only'], {
    cwd: `${ROOT}${folder}`,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error) return { unasked: error.message }
  const report = JSON.parse(stdout)
  if (report.vulnerabilities === undefined)
    return { unasked: report.message ?? report.error?.summary ?? 'no reason given' }
  return {
    vulnerable: Object.values(report.vulnerabilities).map(
      ({ name, severity, range }) => `${name} ${range} (${severity})`,
    ),
  }
}

for (const folder of FOLDERS) {
  const { unasked, vulnerable } = audit(folder)
  if (unasked !== undefined)
    console.warn(`audit of ${folder}: not done, the registry could not be asked: ${unasked.split('\n')[0]}`)
  else if (vulnerable.length === 0) console.log(`audit of ${folder}: no known vulnerabilities`)
  else {
    console.error(`audit of ${folder}: ${vulnerable.join(', ')}; npm audit says more`)
    process.exitCode = 1
  }
}
