// Runs before every npm script but `start`, on whatever Node the machine has (20 or later), so that a fresh clone needs
// no other command. `server` asks for no more than a server needs; `dashboard` for what a person sees at /, too.
import { ensureInstalled } from './installed.mjs'

const [what] = process.argv.slice(2)
ensureInstalled({ development: what !== 'server' })
if (what === 'dashboard') (await import('./build-dashboard.mjs')).ensureDashboard()
