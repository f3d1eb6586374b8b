/** A word that is longer than this is compared with none: what a comparison costs grows with its length. */
const MAX_LENGTH = 64

/**
 * The word that `given` was most likely meant to be, or null where none is near: no more than a third of its letters are
 * wrong, missing, too many or swapped with their neighbour (the optimal string alignment distance).
 */
export function nearest(given: string, words: readonly string[]): string | null {
  if (given.length > MAX_LENGTH) return null
  let best: { word: string; distance: number } | null = null
  for (const word of words) {
    const distance = distanceOf(given.toLowerCase(), word.toLowerCase())
    if (distance > Math.max(1, Math.floor(word.length / 3))) continue
    if (best === null || distance < best.distance) best = { word, distance }
  }
  return best?.word ?? null
}

function distanceOf(one: string, other: string): number {
  let [twoBefore, before] = [[] as number[], Array.from({ length: other.length + 1 }, (_, index) => index)]
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1]
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      const ways = [before[column]! + 1, current[column - 1]! + 1, before[column - 1]! + (isSame ? 0 : 1)]
      if (isSwapped && row > 1 && column > 1) ways.push(twoBefore[column - 2]! + 1)
      current.push(Math.min(...ways))
    }
    ;[twoBefore, before] = [before, current]
  }
  return before[other.length]!
}
