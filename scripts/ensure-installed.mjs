// Runs before every npm script but `start`, on whatever Node the machine has (20 or later), so that a fresh clone needs
// no other command. `dashboard` asks for what a person sees at /, too.
import { ensureInstalled } from './installed.mjs'

ensureInstalled()
if (process.argv[2] === 'dashboard') (await import('./build-dashboard.mjs')).ensureDashboard()
