const LINE = /^(\s*)((?:[\w.-]+\/ ?)+)(?:\s{2,}|\s*$)/

/**
 * The folders that the tree of ARCHITECTURE.md names, as paths from the root. A line is a folder, or several with the
 * same inside; what is indented below it lies in each of them.
 */
export function foldersOf(page: string): string[] {
  const block = /<!-- tree -->\n```text\n([\s\S]*?)```/.exec(page)?.[1]
  if (block === undefined) throw new Error('the page has no tree')
  const found = new Set<string>()
  const open: { indent: number; paths: string[] }[] = []
  for (const line of block.split('\n')) {
    const match = LINE.exec(line)
    if (match === null) continue
    const indent = match[1]!.length
    while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop()
    const above = open.at(-1)?.paths ?? ['']
    const names = match[2]!.trim().split(' ')
    const paths = above.flatMap((parent) => names.map((name) => parent + name.slice(0, -1)))
    for (const path of paths) found.add(path)
    open.push({ indent, paths: paths.map((path) => `${path}/`) })
  }
  return [...found]
}

/** The files and folders that the page names in code: what begins with a folder of the root and holds a slash. */
export function pathsIn(page: string): string[] {
  const prose = page.replace(/```[\s\S]*?```/g, '')
  const code = [...prose.matchAll(/`((?:src|test|docs|dashboard|bench|deploy|scripts)\/[^`\s]*)`/g)].map((it) => it[1]!)
  const links = [...prose.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((it) => it[1]!)
  return [...new Set([...code, ...links])]
}

/** The table of layers of ARCHITECTURE.md: what each may import, as the page says it. */
export function layersOf(page: string): Record<string, string[]> {
  const table = /<!-- layers -->\n\n((?:\|.*\n)+)/.exec(page)?.[1]
  if (table === undefined) throw new Error('the page has no table of layers')
  const rows = table
    .split('\n')
    .slice(2, -1)
    .map((row) => row.split('|').slice(1, -1))
  return Object.fromEntries(
    rows.flatMap(([layers, , imports]) => namesIn(layers!).map((it) => [it, namesIn(imports!)])),
  )
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((it) => it[1]!)
}
