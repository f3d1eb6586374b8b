import type { Store } from '../../src/store/store.ts'

/** What is asked of a store, by the name that `Store` gives it: `deliveries.claimDue`, `commit`. */
export type Call = (name: string, asks: unknown[]) => Promise<unknown>

type Methods = Record<string, (...asks: unknown[]) => Promise<unknown>>

/** The store with `around` in place of every call that reads or writes; what belongs to the process stays as it is. */
export function aroundCalls(store: Store, around: Call): Store {
  const noun = (name: string) =>
    new Proxy({} as Methods, {
      // A test may put a method of its own into its place.
      get: (own, method: string) => own[method] ?? ((...asks: unknown[]) => around(`${name}.${method}`, asks)),
    })
  const nouns = Object.entries(store).filter(([, value]) => typeof value === 'object' && value !== null)
  return {
    ...store,
    ...Object.fromEntries(nouns.map(([name]) => [name, noun(name)])),
    commit: (batch) => around('commit', [batch]),
  } as Store
}

/** Makes the call of the store itself. */
export async function callOn(store: Store, name: string, asks: unknown[]): Promise<unknown> {
  if (name === 'commit') return store.commit(asks[0] as never)
  const [noun, method] = name.split('.') as [keyof Store, string]
  return (store[noun] as unknown as Methods)[method]!(...asks)
}
