const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const LETTERS = Buffer.from(ALPHABET, 'latin1')
export const TIME_CHARS = 9
const RANDOM_CHARS = 12
const POOL_BYTES = 4096
/** Bytes from here on are thrown away: 62 does not divide 256, and taking them would favour the first letters. */
const FAIR_BYTES = 248

export const ID_LENGTH = TIME_CHARS + RANDOM_CHARS
export const ID_PATTERN = `^[0-9A-Za-z]{${ID_LENGTH}}$`
const ID = new RegExp(ID_PATTERN)

/** Greater than every id as text: they are letters and digits. */
export const AFTER_EVERY_ID = '~'

/** Whether a text has the shape of an id; says nothing about whether it exists. */
export function isId(text: string): boolean {
  return ID.test(text)
}

/**
 * Makes ids of 21 characters: 9 for the millisecond, 12 (71 bits) of randomness.
 * The alphabet is in ASCII order, so sorting ids as text sorts them by time of creation, which is now unless told.
 */
export function createIdFactory(source: {
  now(): number
  randomBytes(size: number): Uint8Array
}): (at?: number) => string {
  let pool: Uint8Array = new Uint8Array(0)
  let used = 0
  let prefixTime = -1
  // Written as bytes and read as one string: a string that grows by a letter at a time is kept as a chain of them.
  const text = Buffer.alloc(ID_LENGTH)
  return (at = source.now()) => {
    if (at !== prefixTime) {
      text.write(encodeTime(at), 'latin1')
      prefixTime = at
    }
    for (let length = TIME_CHARS; length < ID_LENGTH; ) {
      if (used === pool.length) {
        pool = source.randomBytes(POOL_BYTES)
        used = 0
      }
      const byte = pool[used++]!
      if (byte < FAIR_BYTES) text[length++] = LETTERS[byte % 62]!
    }
    return text.toString('latin1')
  }
}

/** The first nine characters of every id that is made at `ms`; also the lowest possible id of that millisecond. */
export function encodeTime(ms: number): string {
  return encodeNumber(ms, TIME_CHARS)
}

/** The last time that an id can say. */
const LAST_TIME = 2 ** 48
/** An id is made around the time that what it names says it was created at, not at it. */
const SLACK_MS = 60_000

/** The ids, from `from` up to below `end`, of all that may have been created at `since` or later and before `until`, in epoch ms. */
export function idsBetween(since: number, until: number): { from: string; end: string } {
  const from = encodeTime(Math.max(0, since - SLACK_MS))
  return { from, end: until >= LAST_TIME - SLACK_MS ? AFTER_EVERY_ID : encodeTime(until + SLACK_MS) }
}

/** A whole number in exactly `chars` letters of the ids' alphabet: such texts sort as their numbers do. */
export function encodeNumber(number: number, chars: number): string {
  let left = number
  let text = ''
  for (let i = 0; i < chars; i++) {
    text = ALPHABET[left % 62] + text
    left = Math.floor(left / 62)
  }
  return text
}

/** The number behind such a text, which must consist of those letters; exact up to 2^53. */
export function decodeNumber(text: string): number {
  let number = 0
  for (const letter of text) number = number * 62 + ALPHABET.indexOf(letter)
  return number
}

/** How far the numbers of two ids lie apart that are made a millisecond apart. */
export const IDS_PER_MS = 62n ** BigInt(RANDOM_CHARS)

/** An id as a number: numbers sort as their ids do. */
export function idNumber(id: string): bigint {
  let number = 0n
  for (const letter of id) number = number * 62n + BigInt(ALPHABET.indexOf(letter))
  return number
}

/** The text that is such a number, which need not be anything's id. */
export function idOfNumber(number: bigint): string {
  let left = number
  let text = ''
  for (let i = 0; i < ID_LENGTH; i++) {
    text = ALPHABET[Number(left % 62n)] + text
    left /= 62n
  }
  return text
}
