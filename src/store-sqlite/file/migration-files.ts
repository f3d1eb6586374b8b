import { readdirSync, readFileSync } from 'node:fs'
import { getAsset, getAssetKeys, isSea } from 'node:sea'

/** Where a single executable keeps them: a thread of it sees no files. */
const ASSETS = 'src/store-sqlite/migrations/'

/** The names of the migrations, in their order. */
export function namesOfMigrations(): string[] {
  const names = isSea()
    ? getAssetKeys().flatMap((key) => (key.startsWith(ASSETS) ? key.slice(ASSETS.length) : []))
    : readdirSync(folder())
  return names.filter((name) => name.endsWith('.sql')).sort()
}

/** The statements of the migration of this name. */
export function readMigration(name: string): string {
  return isSea() ? getAsset(`${ASSETS}${name}`, 'utf8') : readFileSync(new URL(name, folder()), 'utf8')
}

/** Not at the top: the module of a thread in a single executable lies in no folder. */
function folder(): URL {
  return new URL('../migrations/', import.meta.url)
}
