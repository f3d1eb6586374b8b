/** Tokens over all organizations: some 16 MB of the longest that are taken. */
const MOST = 2_000

/**
 * What is known by organization and key, bounded in number: where there is no room, the organization that has most gives up
 * what it has not used for longest, so that one with ten thousand listeners costs no other its tokens.
 */
export class TokenMemory<Entry> {
  readonly #most: number
  readonly #byOrganization = new Map<string, Map<string, Entry>>()
  #count = 0

  constructor(most = MOST) {
    this.#most = most
  }

  get(organizationId: string, key: string): Entry | undefined {
    const entries = this.#byOrganization.get(organizationId)
    const entry = entries?.get(key)
    if (entries === undefined || entry === undefined) return undefined
    // Maps keep the order in which keys came: the one that was used last is the last to go.
    entries.delete(key)
    entries.set(key, entry)
    return entry
  }

  set(organizationId: string, key: string, entry: Entry): void {
    this.delete(organizationId, key)
    if (this.#count >= this.#most) this.#makeRoom()
    const entries = this.#byOrganization.get(organizationId) ?? new Map<string, Entry>()
    this.#byOrganization.set(organizationId, entries.set(key, entry))
    this.#count += 1
  }

  delete(organizationId: string, key: string): void {
    const entries = this.#byOrganization.get(organizationId)
    if (!entries?.delete(key)) return
    this.#count -= 1
    if (entries.size === 0) this.#byOrganization.delete(organizationId)
  }

  #makeRoom(): void {
    let largest: [string, Map<string, Entry>] | null = null
    for (const one of this.#byOrganization) if (largest === null || one[1].size > largest[1].size) largest = one
    if (largest !== null) this.delete(largest[0], largest[1].keys().next().value!)
  }
}
