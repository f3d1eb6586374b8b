/**
 * Characters of a text that the runtime's own search is given at a time: so few that its worst case is some comparisons a
 * character. With longer ones it is the product of both lengths where a text repeats itself.
 */
const HEAD = 6
/** Places that look right at first and are not, after which the slow and sure way is taken. */
const MAX_MISTAKES = 8

/** Looks for one text in others, in time linear in the length of both, whatever they are. */
export class TextSearch {
  readonly #text: string
  readonly #head: string
  /** Of each length of the text's beginning, the longest shorter beginning with which it ends. */
  #borders: Uint16Array | null = null

  /** `text` has at most 65,535 characters. */
  constructor(text: string) {
    this.#text = text
    this.#head = text.slice(0, HEAD)
  }

  isIn(text: string): boolean {
    if (this.#text.length <= HEAD) return text.includes(this.#text)
    let at = -1
    for (let mistakes = 0; mistakes < MAX_MISTAKES; mistakes++) {
      at = text.indexOf(this.#head, at + 1)
      if (at === -1) return false
      if (text.startsWith(this.#text, at)) return true
    }
    return this.#isInFrom(text, at + 1)
  }

  /** As Knuth, Morris and Pratt: no character of `text` is looked at again. */
  #isInFrom(text: string, from: number): boolean {
    this.#borders ??= bordersOf(this.#text)
    let matched = 0
    for (let at = from; at < text.length; at++) {
      while (matched > 0 && text[at] !== this.#text[matched]) matched = this.#borders[matched - 1]!
      if (text[at] === this.#text[matched]) matched += 1
      if (matched === this.#text.length) return true
    }
    return false
  }
}

function bordersOf(text: string): Uint16Array {
  const borders = new Uint16Array(text.length)
  let length = 0
  for (let at = 1; at < text.length; at++) {
    while (length > 0 && text[at] !== text[length]) length = borders[length - 1]!
    if (text[at] === text[length]) length += 1
    borders[at] = length
  }
  return borders
}
