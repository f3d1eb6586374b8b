/** What resolv.conf(5) says of how names are completed. */
export interface SearchSettings {
  /** Domains that a name may be in, in the order in which they are tried. */
  search: readonly string[]
  /** A name with so many dots is tried as it stands first. */
  ndots: number
}

/** As the C libraries have it. */
const MAX_SEARCH = 16
const MAX_NDOTS = 15

/** Reads the text of a resolv.conf. Of several `search` and `domain` lines the last one counts. */
export function parseSearch(text: string): SearchSettings {
  let search: string[] = []
  let ndots = 1
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'search') search = values
    else if (keyword === 'domain') search = values.slice(0, 1)
    else if (keyword === 'options') ndots = ndotsIn(values) ?? ndots
  }
  const domains = search.map((domain) => domain.toLowerCase().replace(/^\.|\.$/g, '')).filter((domain) => domain !== '')
  return { search: domains.slice(0, MAX_SEARCH), ndots }
}

function ndotsIn(options: readonly string[]): number | null {
  const found = options.map((option) => /^ndots:(\d{1,5})$/.exec(option)).find((match) => match !== null)
  return found === undefined ? null : Math.min(Number(found[1]), MAX_NDOTS)
}

/**
 * The full names that a name may stand for, in the order in which they are asked for; the first that has an address is
 * meant. A name that ends with a dot stands for itself alone.
 */
export function candidatesOf(name: string, { search, ndots }: SearchSettings): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const completed = search.map((domain) => `${name}.${domain}`)
  const dots = name.split('.').length - 1
  return dots >= ndots ? [name, ...completed] : [...completed, name]
}

/** Where names are looked for, as nsswitch.conf(5) has it. */
export interface Sources {
  /** The order of the two that are asked here. */
  order: readonly ('files' | 'dns')[]
  /** Further sources, which the system alone knows how to ask. */
  others: readonly string[]
}

const USUAL: Sources = { order: ['files', 'dns'], others: [] }

/** Reads the text of an nsswitch.conf; what stands in brackets, on what comes of a source, is passed over. */
export function parseSources(text: string): Sources {
  const line = /^[ \t]*hosts:([^\n#]*)/m.exec(text)
  if (line === null) return USUAL
  const names = line[1]!
    .replace(/\[[^\]]*\]/g, ' ')
    .trim()
    .split(/\s+/)
  const order = names.filter((name) => name === 'files' || name === 'dns')
  // `resolve` is a name server with another way to it: what it knows, the name server in resolv.conf is asked for.
  const asksServers = order.includes('dns') || names.includes('resolve')
  return {
    order: asksServers && !order.includes('dns') ? [...order, 'dns'] : order,
    others: names.filter((name) => name !== '' && name !== 'files' && name !== 'dns'),
  }
}

/** Sources that are known to answer for some names only; every other may answer for any. */
const SINGLE_LABEL = /^(myhostname|mymachines|libvirt(_guest)?|wins)$/

/** Whether one of the sources that only the system can ask may know the name. */
export function othersMayKnow(name: string, { others }: Pick<Sources, 'others'>): boolean {
  const bare = name.replace(/\.$/, '')
  return others.some((source) => {
    if (source.startsWith('mdns')) return bare.endsWith('.local')
    return SINGLE_LABEL.test(source) ? !bare.includes('.') : true
  })
}
