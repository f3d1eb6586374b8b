import assert from 'node:assert/strict'
import type { Store } from '../../../src/store/store.ts'
import { aroundCalls, callOn } from '../around-calls.ts'

/** Numbers that each store chooses for itself; they must only be used alike. */
const SEQUENCES = new Set(['sequence', 'sequences', 'leftovers'])
const OWN_NUMBERS = SEQUENCES.union(new Set(['lease', 'leases']))

/** What a sweep counts as a row is each store's own affair. */
const NOT_COMPARED = new Set(['removals.sweep'])

/**
 * Two stores as one: every call is made of both, and both must answer alike. The answers are those of the first; where a
 * number that the first has chosen comes back, the second is given its own.
 */
export function twin(first: Store, second: Store): Store {
  /** By the numbers of the first store: those of the second. Sequences and leases apart. */
  const numbers = { sequence: new Map<number, number>(), lease: new Map<number, number>() }
  const mapOf = (key: string) => (SEQUENCES.has(key) ? numbers.sequence : numbers.lease)

  /** The question to the first store, with the second store's numbers in it. */
  function translated(value: unknown, key = ''): unknown {
    if (typeof value === 'number') return OWN_NUMBERS.has(key) ? (mapOf(key).get(value) ?? value) : value
    if (Array.isArray(value)) return value.map((entry) => translated(entry, key))
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, translated(entry, name)]))
  }

  /** The second store's answer with the first one's numbers, which are learned by it. */
  function matched(mine: unknown, theirs: unknown, key = ''): unknown {
    if (typeof mine === 'number' && typeof theirs === 'number' && OWN_NUMBERS.has(key)) {
      const known = mapOf(key).get(mine)
      if (known === undefined) mapOf(key).set(mine, theirs)
      return known === undefined || known === theirs ? mine : theirs
    }
    if (Array.isArray(theirs) && Array.isArray(mine)) return theirs.map((entry, at) => matched(mine[at], entry, key))
    if (typeof theirs !== 'object' || theirs === null || typeof mine !== 'object' || mine === null) return theirs
    const others = mine as Record<string, unknown>
    return Object.fromEntries(Object.entries(theirs).map(([name, entry]) => [name, matched(others[name], entry, name)]))
  }

  async function both(name: string, asks: unknown[]) {
    const theirAsks = asks.map((ask) => translated(ask))
    const [mine, theirs] = [await callOn(first, name, asks), await callOn(second, name, theirAsks)]
    if (NOT_COMPARED.has(name)) return mine
    assert.deepEqual(plain(matched(mine, theirs)), plain(mine), `${name} is answered differently`)
    return mine
  }

  return {
    ...aroundCalls(first, both),
    async close() {
      await Promise.all([first.close(), second.close()])
    },
  }
}

/** Without prototypes, which a database's rows have not; lists of listeners have no order. */
function plain(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return /listenerIds$/i.test(key) ? value.toSorted() : value.map((entry) => plain(entry))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry, name)]))
}
