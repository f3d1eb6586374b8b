import { AsyncLocalStorage } from 'node:async_hooks'

/** Which organization a call of the store is for, from where it is made to where it waits for a connection. */
export class CallOwner {
  readonly #organizations = new AsyncLocalStorage<string | null>()

  /** The organization whose call is under way; null for the node's own work. */
  get current(): string | null {
    return this.#organizations.getStore() ?? null
  }

  /** Makes each method of a store run as the organization that its first argument names. */
  wrapStore<Nouns extends object>(store: Nouns): Nouns {
    const wrapped = Object.entries(store).map(([name, noun]) => [name, isNoun(noun) ? this.#wrap(noun) : noun])
    return Object.fromEntries(wrapped) as Nouns
  }

  #wrap(noun: object): object {
    const wrapped = Object.entries(noun).map(([name, method]) => {
      if (typeof method !== 'function') return [name, method]
      return [name, (...asks: unknown[]) => this.#organizations.run(organizationOf(asks[0]), () => method(...asks))]
    })
    return Object.fromEntries(wrapped)
  }
}

function isNoun(it: unknown): it is object {
  return typeof it === 'object' && it !== null
}

function organizationOf(ask: unknown): string | null {
  const { organizationId } = (ask ?? {}) as { organizationId?: unknown }
  return typeof organizationId === 'string' ? organizationId : null
}
