import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { cpSync, globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { makeFolder } from '../support/server/server-process.ts'
import { clientFolder, writeSamples } from './samples.ts'

const run = promisify(execFile)
const failed = (error: { stdout?: string; stderr?: string }) => assert.fail(`${error.stdout} ${error.stderr}`)
const minor = Number(/go1\.(\d+)/.exec(String(spawnSync('go', ['version']).stdout))?.[1] ?? 0)
const hasPython = spawnSync('python3', ['-c', 'import sys, venv; assert sys.version_info >= (3, 11)']).status === 0

const MANIFEST = `module samples

go 1.25

require discue v0.1.0

replace discue => ${clientFolder('go')}
`

/** A function of the statements, with the imports that they use. */
function goFile(id: string, statements: string): string {
  const packages = ['context', 'discue', 'encoding/json', 'fmt', 'io', 'net/http', 'os', 'strings']
  const used = packages.filter((name) => name === 'context' || statements.includes(`${name.split('/').at(-1)}.`))
  const imports = used.map((name) => `\t"${name}"\n`).join('')
  const end = statements.endsWith('return err\n') ? '' : 'return nil\n'
  return `package samples\n\nimport (\n${imports})\n\nfunc ${id}(ctx context.Context) error {\n${statements}${end}}\n`
}

test('the Go of every operation is vetted against the client', {
  timeout: 900_000,
  skip: minor >= 25 ? false : 'there is no Go from 1.25 on here',
}, async (t) => {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  await writeSamples(folder.path, 'Go', (id, text) => ({
    name: `${id.toLowerCase()}_sample.go`,
    text: goFile(id, text),
  }))
  writeFileSync(join(folder.path, 'go.mod'), MANIFEST)
  await run('go', ['vet', './...'], { cwd: folder.path }).catch(failed)
})

test('the Python of every operation is typed as the client is', {
  timeout: 900_000,
  skip: hasPython ? false : 'there is no Python from 3.11 on here',
}, async (t) => {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const samples = join(folder.path, 'samples')
  await writeSamples(samples, 'Python', (id, text) => ({ name: `${id}.py`, text }))
  const bin = join(folder.path, 'venv/bin')
  // The client is installed, so that mypy judges the samples alone.
  cpSync(clientFolder('python'), join(folder.path, 'client'), { recursive: true })
  await run('python3', ['-m', 'venv', join(folder.path, 'venv')])
  const needed = ['mypy==2.4.1', join(folder.path, 'client')]
  await run(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...needed]).catch(failed)
  const files = globSync('*.py', { cwd: samples })
  assert.ok(files.length > 50)
  const options = ['--strict', '--scripts-are-modules', '--cache-dir', join(folder.path, 'cache')]
  await run(join(bin, 'mypy'), [...options, ...files], { cwd: samples, maxBuffer: 2 ** 24 }).catch(failed)
})
