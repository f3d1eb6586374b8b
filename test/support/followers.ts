import type { Followers } from '../../src/app/caches/follow-changes.ts'

type Told = (part: keyof Followers, method: string, ...asks: unknown[]) => void

/** All that can be told of changes, with `told` in place of each method. */
export function followersOf(told: Told): Followers {
  const part = (name: keyof Followers) =>
    new Proxy(
      {},
      {
        get:
          (_, method: string) =>
          (...asks: unknown[]) =>
            told(name, method, ...asks),
      },
    )
  const names: (keyof Followers)[] = [
    ...([
      'keyRing',
      'directory',
      'lockOut',
      'checks',
      'lanes',
      'pulls',
      'remover',
      'redeliverer',
      'discarder',
    ] as const),
    'scheduler',
  ]
  return Object.fromEntries(names.map((name) => [name, part(name)])) as unknown as Followers
}

/** Parts that a test does not have. */
export const NO_FOLLOWERS = followersOf(() => undefined)
