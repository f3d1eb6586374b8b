import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'

/** How a file may be sent; `identity` is the file as it is. */
export type Encoding = 'br' | 'gzip' | 'identity'

export interface Asset {
  type: string
  /** Of the file as it is; what is sent compressed has the encoding added to it. */
  tag: string
  content: Partial<Record<Encoding, Buffer>> & { identity: Buffer }
}

/** The built dashboard. */
export interface DashboardFiles {
  /** With the text `__NONCE__` wherever the nonce of an answer belongs. */
  page: string
  /** By the names of the files, which change with what is in them. */
  assets: ReadonlyMap<string, Asset>
}

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.woff2': 'font/woff2',
}
const COMPRESSED: readonly (readonly [Encoding, string])[] = [
  ['br', '.br'],
  ['gzip', '.gz'],
]
const TAG_CHARS = 22

/**
 * Reads the dashboard when it is first asked for, and keeps it: about a megabyte. Where it is not built the answer is
 * null, and the next call looks again.
 */
export function createDashboardFiles(folder: string | null): () => Promise<DashboardFiles | null> {
  if (folder === null) return async () => null
  let files: Promise<DashboardFiles | null> | null = null
  return () => {
    files ??= readFiles(folder).then(
      (read) => {
        if (read === null) files = null
        return read
      },
      (error) => {
        files = null
        throw error
      },
    )
    return files
  }
}

async function readFiles(folder: string): Promise<DashboardFiles | null> {
  const page = await readFile(join(folder, 'index.html'), 'utf8').catch(nullWhereMissing)
  if (page === null) return null
  const names = await readdir(join(folder, 'assets'))
  const contents = await Promise.all(names.map((name) => readFile(join(folder, 'assets', name))))
  const byName = new Map(names.map((name, index) => [name, contents[index]!]))
  const assets = names.flatMap((name) => {
    const type = TYPES[extname(name)]
    return type === undefined ? [] : [[name, assetOf(name, type, byName)] as const]
  })
  return { page, assets: new Map(assets) }
}

function assetOf(name: string, type: string, byName: ReadonlyMap<string, Buffer>): Asset {
  const identity = byName.get(name)!
  const content: Asset['content'] = { identity }
  for (const [encoding, ending] of COMPRESSED) {
    const compressed = byName.get(name + ending)
    if (compressed !== undefined) content[encoding] = compressed
  }
  return { type, tag: hash('sha256', identity, 'base64url').slice(0, TAG_CHARS), content }
}

function nullWhereMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
