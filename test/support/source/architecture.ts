import { posix } from 'node:path'
import { bareSource, importsOf } from './source-reader.ts'

/** One import of one file: of another file under src/ (`target`), or of a package. */
export interface Edge {
  from: string
  specifier: string
  target: string | null
  typeOnly: boolean
}

export interface SourceFile {
  /** Relative to src/, such as `core/queue.ts`. */
  path: string
  code: string
  edges: Edge[]
}

/** Reads a file of src/. A computed import is an edge to nowhere that every rule may refuse. */
export function readFile(path: string, source: string): SourceFile {
  const bare = bareSource(source)
  const edges = importsOf(bare).map(({ specifier, typeOnly }) => ({
    from: path,
    specifier: specifier ?? COMPUTED,
    target: specifier?.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null,
    typeOnly,
  }))
  return { path, code: bare.code, edges }
}

const COMPUTED = '(computed)'

/** `core/queue.ts` is in the layer `core`; a file that lies directly in src/, or beside it, is its own. */
export function layerOf(from: string): string {
  const path = from.replace(/^\.\.\//, '')
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path
}

/** The arrows of the house: what a layer may import beside itself. Where two may not meet, neither names the other. */
export const LAYERS: Record<string, readonly string[]> = {
  core: [],
  store: ['core'],
  app: ['store', 'core'],
  engine: ['app', 'store', 'core'],
  http: ['app', 'store', 'core'],
  'store-sqlite': ['store', 'core'],
  'store-postgres': ['store', 'core'],
  'runtime.ts': ['core'],
  config: ['core'],
  'version.ts': ['package.json'],
  'start-error.ts': [],
  'service-manager.ts': [],
  'tls.ts': ['config'],
  'log.ts': ['runtime.ts', 'config', 'core'],
  'unheard-errors.ts': ['runtime.ts', 'core'],
  'server.ts': [
    ...['http', 'engine', 'app', 'store-sqlite', 'store-postgres', 'store', 'core'],
    ...['runtime.ts', 'config', 'version.ts', 'tls.ts'],
  ],
  'database-file.ts': ['store-sqlite', 'store-postgres', 'store', 'core'],
  cli: [
    ...['server.ts', 'database-file.ts', 'http', 'engine', 'app', 'store', 'core'],
    ...['runtime.ts', 'config', 'version.ts', 'torture'],
    // The types of what the API takes and answers.
    'docs',
  ],
  'embedded.ts': ['server.ts', 'config', 'log.ts'],
  'main.ts': [
    ...['cli', 'server.ts', 'runtime.ts', 'config', 'version.ts', 'start-error.ts', 'core'],
    ...['log.ts', 'unheard-errors.ts', 'service-manager.ts'],
  ],
}
/** Who is handed a runtime, and so may know its types; only the rows above that name it may make one. */
const KNOWS_RUNTIME = ['store', 'app', 'engine', 'http', 'store-sqlite', 'store-postgres']

export function layerFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const layer = layerOf(file.path)
    const allowed = LAYERS[layer]
    if (allowed === undefined) return [`${file.path} is in no layer that the table knows`]
    return file.edges
      .filter((edge) => !mayImport(layer, edge))
      .map((edge) => faultOf(edge, `${layer} may import ${['itself', ...allowed].join(', ')}`))
  })
}

function mayImport(layer: string, edge: Edge): boolean {
  if (edge.specifier === COMPUTED) return false
  if (edge.target === null) return true
  const to = layerOf(edge.target)
  if (to === 'runtime.ts' && edge.typeOnly && KNOWS_RUNTIME.includes(layer)) return true
  return to === layer || LAYERS[layer]!.includes(to)
}

/** Packages that only one layer may use, so that replacing one of them is the work of one folder. */
const PACKAGES: { package: RegExp; layer: string }[] = [
  { package: /^(fastify|@fastify)(\/|-|$)/, layer: 'http' },
  { package: /^node:dns(\/|$)/, layer: 'engine' },
  { package: /^node:sqlite$/, layer: 'store-sqlite' },
  { package: /^(pg|postgres)(\/|-|$)/, layer: 'store-postgres' },
]

export function packageFaults(files: readonly SourceFile[]): string[] {
  const edges = files.flatMap((file) => file.edges).filter((edge) => edge.target === null)
  return edges.flatMap((edge) => {
    const rule = PACKAGES.find((candidate) => candidate.package.test(edge.specifier))
    if (rule === undefined || layerOf(edge.from) === rule.layer) return []
    return [faultOf(edge, `only ${rule.layer}/ may`)]
  })
}

/** What makes a program unpredictable, and the one file that may use it. */
const UNPREDICTABLE: { what: string; pattern: RegExp; only: string }[] = [
  { what: 'Date.now', pattern: /\bDate\s*\.\s*now\b/, only: 'runtime.ts' },
  { what: 'new Date()', pattern: /\bnew\s+Date\b(?!\s*\(\s*[^\s)])/, only: 'runtime.ts' },
  { what: 'Date()', pattern: /(?<!\bnew\s+|[.\w$])Date\s*\(/, only: 'runtime.ts' },
  { what: 'Temporal.Now', pattern: /\bTemporal\s*\.\s*Now\b/, only: 'runtime.ts' },
  { what: 'Math.random', pattern: /\bMath\s*\.\s*random\b/, only: 'runtime.ts' },
  { what: 'setTimeout', pattern: /(?<![.\w$])(?:globalThis\s*\.\s*)?setTimeout\b/, only: 'runtime.ts' },
  { what: 'setInterval', pattern: /(?<![.\w$])(?:globalThis\s*\.\s*)?setInterval\b/, only: 'runtime.ts' },
  {
    what: 'process.env',
    pattern: /\bprocess\s*\??\.\s*env\b|\{[^{}]*\benv\b[^{}]*\}\s*=\s*process\b/,
    only: 'config',
  },
]

export function unpredictableFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, code }) =>
    UNPREDICTABLE.filter(({ pattern, only }) => layerOf(path) !== only && pattern.test(code)).map(
      ({ what, only }) => `${path} uses ${what}: only ${only} may`,
    ),
  )
}

/** Files that need each other, be it for types alone: a reader cannot begin with either. */
export function cycleFaults(files: readonly SourceFile[]): string[] {
  const needs = new Map(files.map((file) => [file.path, file.edges.filter((edge) => edge.target)]))
  const done = new Set<string>()
  const faults: string[] = []
  const visit = (path: string, way: string[]) => {
    if (way.includes(path)) faults.push(`${[...way.slice(way.indexOf(path)), path].join(' → ')} is a cycle`)
    if (way.includes(path) || done.has(path)) return
    for (const edge of needs.get(path) ?? []) visit(edge.target!, [...way, path])
    done.add(path)
  }
  for (const path of needs.keys()) visit(path, [])
  return faults
}

function faultOf(edge: Edge, rule: string): string {
  return `${edge.from} imports ${edge.typeOnly ? 'types of ' : ''}${edge.specifier}: ${rule}`
}
