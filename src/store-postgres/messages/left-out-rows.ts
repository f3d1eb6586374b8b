/**
 * Whether a row, of a message or of one that is gone, is for the listener at a place of its recipient set, counted from 1;
 * null where the place is.
 */
export const IS_MEANT = (row: string, place: string) =>
  `(${row}.left_out is null or get_bit(${row}.left_out, ${place} - 1) = 0)`

/** The bits of a message, in hexadecimal, as core/listener-filter/left-out.ts has them. */
export const LEFT_OUT_COLUMN = `encode(m.left_out, 'hex') as "leftOut"`

/** The bits that were read; null where no listener is left out. */
export function leftOutBits(hex: string | null): Uint8Array | null {
  return hex === null ? null : Buffer.from(hex, 'hex')
}
