// Makes the package of the TypeScript client: `npm run package:client` writes it to build/discue-client-<version>.tgz.
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = join(root, 'clients', 'typescript')
const staged = join(root, 'build', 'client-typescript')
/** The paths are those of the repository: the client shares the types of the API with it. */
const ENTRY = './clients/typescript/src/index'

rmSync(staged, { recursive: true, force: true })
run(join(root, 'node_modules/.bin/tsc'), ['-p', source])
for (const file of ['README.md']) cpSync(join(source, file), join(staged, file))
cpSync(join(root, 'LICENSE'), join(staged, 'LICENSE'))
const { private: _isPrivate, ...manifest } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
const entry = { types: `${ENTRY}.d.ts`, default: `${ENTRY}.js` }
const made = {
  ...manifest,
  sideEffects: false,
  exports: { '.': entry, './package.json': './package.json' },
  types: entry.types,
}
writeFileSync(join(staged, 'package.json'), `${JSON.stringify(made, null, 2)}\n`)
run('npm', ['pack', staged, '--pack-destination', join(root, 'build'), '--loglevel=error'])

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed; see its message above`)
}
