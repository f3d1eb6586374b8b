// What the measured messages carry: JSON of an exact size, with a sequence number and the time at which it was meant
// to be sent, both in fixed places, so that neither end has to parse or build JSON.
const DIGITS = 16
const SEQUENCE = '1'.repeat(DIGITS)
const SENT_AT = '2'.repeat(DIGITS)
const HEAD = `{"sequence":"${SEQUENCE}","sentAt":"${SENT_AT}","pad":"`
const TAIL = '"}'
const SEQUENCE_AT = HEAD.indexOf(SEQUENCE)
const SENT_AT_AT = HEAD.indexOf(SENT_AT)

/** The smallest payload that has room for its two numbers. */
export const MIN_BYTES = HEAD.length + TAIL.length

/** Where in a body the two numbers of one message are to be stamped. */
export interface StampOffsets {
  sequenceAt: number
  sentAtAt: number
}

/**
 * A request's JSON body around `data` of exactly `dataBytes`: one message, or a batch of as many as `batch` says.
 */
export function requestBody(dataBytes: number, batch: number | null): { body: string; places: StampOffsets[] } {
  const message = { data: HEAD + 'x'.repeat(dataBytes - MIN_BYTES) + TAIL }
  const body = JSON.stringify(batch === null ? message : { messages: Array(batch).fill(message) })
  const places: StampOffsets[] = []
  for (let at = body.indexOf(SEQUENCE); at !== -1; at = body.indexOf(SEQUENCE, at + DIGITS)) {
    places.push({ sequenceAt: at, sentAtAt: body.indexOf(SENT_AT, at) })
  }
  return { body, places }
}

/** The data of a message that is meant to be sent at a time, in microseconds of the monotonic clock. */
export function messageData(dataBytes: number, sequence: number, sentAt: number): string {
  const digits = (value: number) => String(value).padStart(DIGITS, '0')
  const head = HEAD.replace(SEQUENCE, digits(sequence)).replace(SENT_AT, digits(sentAt))
  return head + 'x'.repeat(dataBytes - MIN_BYTES) + TAIL
}

/** Writes a whole number below 1e16 as 16 decimal digits. */
export function stamp(bytes: Buffer, at: number, value: number): void {
  let rest = value
  for (let place = at + DIGITS - 1; place >= at; place--) {
    const left = Math.floor(rest / 10)
    bytes[place] = 48 + (rest - left * 10)
    rest = left
  }
}

/** NaN where the bytes are no such payload. */
export function sequenceOf(data: Buffer): number {
  return data.length >= MIN_BYTES ? readDigits(data, SEQUENCE_AT) : Number.NaN
}

/** Microseconds of the monotonic clock; NaN where the bytes are no such payload. */
export function sentAtOf(data: Buffer): number {
  return data.length >= MIN_BYTES ? readDigits(data, SENT_AT_AT) : Number.NaN
}

function readDigits(bytes: Buffer, at: number): number {
  let value = 0
  for (let place = at; place < at + DIGITS; place++) {
    const digit = bytes[place]! - 48
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}
