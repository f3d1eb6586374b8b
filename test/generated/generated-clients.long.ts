import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const run = promisify(execFile)
const SOURCES = fileURLToPath(new URL('.', import.meta.url))
/** Generators are installed once for each of their versions, and stay. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/generated-clients/', import.meta.url))
/** Installing and compiling take minutes on a small machine; nothing of it is fast enough to say that it hangs. */
const PATIENCE = { timeout: 900_000 }

/** A generator of clients: what makes a client, what compiles it, and what it must then be able to do. */
interface Generator {
  /** The folder of its pinned versions and its scenario. */
  folder: string
  /** What must be on the machine. */
  needs: readonly [command: string, ...args: string[]]
  /** The file that pins its versions, and what installs them. */
  pinned: string
  install: readonly Command[]
  /** Generates from `openapi.json`, and compiles as strictly as the language can. */
  generate: readonly Command[]
  scenario: Command
}

type Command = readonly [command: string, ...args: string[]]

const GO = { needs: ['go', 'version'], pinned: 'go.sum', install: [['go', 'mod', 'download']] } as const
const GO_COMPILE: readonly Command[] = [
  ['go', 'vet', './...'],
  ['go', 'build', '-o', 'scenario', '.'],
]

const GENERATORS: readonly Generator[] = [
  {
    folder: 'typescript',
    needs: ['npm', '--version'],
    pinned: 'package-lock.json',
    install: [['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund']],
    generate: [
      ['npx', 'openapi-typescript', 'openapi.json', '--output', 'api.d.ts'],
      ['npx', 'tsc', '--project', '.'],
      // The generators' linter beside the one of the quick tests: another reading of the same rules.
      ['npx', 'spectral', 'lint', 'openapi.json', '--ruleset', 'spectral.yaml', '--fail-severity', 'hint'],
    ],
    scenario: [process.execPath, 'out/scenario.js'],
  },
  {
    folder: 'python',
    needs: ['python3', '-c', 'import sys, venv; assert sys.version_info >= (3, 11)'],
    pinned: 'requirements.txt',
    install: [
      ['python3', '-m', 'venv', 'venv'],
      ['venv/bin/pip', 'install', '--quiet', '--requirement', 'requirements.txt'],
    ],
    generate: [
      [
        ...['venv/bin/openapi-python-client', 'generate', '--path', 'openapi.json', '--config', 'config.yaml'],
        ...['--meta', 'none', '--output-path', 'generated_client', '--overwrite', '--fail-on-warning'],
      ] as unknown as Command,
      ['venv/bin/mypy', 'scenario.py', 'generated_client'],
    ],
    scenario: ['venv/bin/python', 'scenario.py'],
  },
  {
    ...GO,
    folder: 'go-oapi-codegen',
    generate: [
      [
        ...['go', 'tool', 'oapi-codegen', '-generate', 'types,client', '-package', 'api'],
        ...['-o', 'api/api.gen.go', 'openapi.json'],
      ] as unknown as Command,
      ...GO_COMPILE,
    ],
    scenario: ['./scenario'],
  },
  {
    ...GO,
    folder: 'go-ogen',
    generate: [['go', 'tool', 'ogen', '--target', 'api', '--package', 'api', '--clean', 'openapi.json'], ...GO_COMPILE],
    scenario: ['./scenario'],
  },
]

/** Runs it in the generator's folder, with what is installed there in front. Fails with all that it has written. */
async function runIn(folder: string, [command, ...args]: Command): Promise<string> {
  const PATH = [join(folder, 'venv/bin'), process.env.PATH].join(delimiter)
  try {
    return (await run(command, args, { cwd: folder, env: { ...process.env, PATH }, maxBuffer: 2 ** 26 })).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${[command, ...args].join(' ')}: ${stdout.slice(-4_000)} ${stderr.slice(-4_000)}`, {
      cause: error,
    })
  }
}

/** The folder in which a generator runs: its sources, beside what was installed for these versions before. */
async function installed({ folder: name, pinned, install }: Generator): Promise<string> {
  const versions = hash('sha256', readFileSync(join(SOURCES, name, pinned), 'utf8'), 'hex').slice(0, 16)
  const folder = join(CACHE, `${name}-${versions}`)
  mkdirSync(join(folder, 'api'), { recursive: true })
  cpSync(join(SOURCES, name), folder, { recursive: true })
  const done = join(folder, '.installed')
  if (existsSync(done)) return folder
  for (const command of install) await runIn(folder, command)
  writeFileSync(done, versions)
  return folder
}

async function isMissing([command, ...args]: Generator['needs']): Promise<boolean> {
  return run(command, args).then(
    () => false,
    () => true,
  )
}

describe('a client that is generated from the description compiles, and does what the API does', PATIENCE, () => {
  const data = makeFolder()
  let server: ServerProcess
  let description: string

  before(async () => {
    server = await startServerProcess({
      DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
      DISCUE_DATABASE_URL: `sqlite:${join(data.path, 'discue.db')}`,
    })
    description = await (await fetch(`${server.url}/openapi.json`)).text()
  })
  after(async () => {
    await server.end('SIGTERM')
    data[Symbol.dispose]()
  })

  for (const generator of GENERATORS) {
    test(generator.folder, PATIENCE, async (t) => {
      if (await isMissing(generator.needs)) {
        t.skip(`this machine has no ${generator.needs[0]} that it needs`)
        return
      }
      const folder = await installed(generator)
      writeFileSync(join(folder, 'openapi.json'), description)
      for (const command of generator.generate) await runIn(folder, command)
      assert.equal(await runIn(folder, [...generator.scenario, server.url, TEST_ROOT_KEY]), 'done\n')
    })
  }
})
