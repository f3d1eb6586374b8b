import { NameError } from '../../../src/engine/client/names/name-error.ts'
import type { Names } from '../../../src/engine/client/names/names.ts'

/** Names without a network: each look-up is answered with what is next, and once that is used up, with nothing. */
export function fakeNames(...answers: string[][]): Names & { asked: string[]; askers: string[] } {
  const [asked, askers]: string[][] = [[], []]
  return {
    asked: asked!,
    askers: askers!,
    find(hostname, { asker }, done) {
      asked!.push(hostname)
      askers!.push(asker)
      const addresses = answers.shift() ?? []
      const error = addresses.length > 0 ? null : new NameError('NAME_UNKNOWN', 'no such name')
      process.nextTick(done, error, addresses)
      return () => {}
    },
  }
}
