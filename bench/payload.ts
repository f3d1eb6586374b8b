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

/** A request's JSON body around `data` of exactly `dataBytes`, and where in it the two numbers are to be stamped. */
export function requestBody(dataBytes: number): { body: string; sequenceAt: number; sentAtAt: number } {
  const body = JSON.stringify({ data: HEAD + 'x'.repeat(dataBytes - MIN_BYTES) + TAIL })
  return { body, sequenceAt: body.indexOf(SEQUENCE), sentAtAt: body.indexOf(SENT_AT) }
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
