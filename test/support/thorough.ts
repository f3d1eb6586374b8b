/** `npm run test:long` sets it: property tests and kills run once more there, with the larger of their two numbers. */
export const IS_LONG = process.env.DISCUE_TEST_LONG === '1'

/** How many rounds a test makes: a few while code is written, many where there is time. */
export function rounds({ quick, long }: { quick: number; long: number }): number {
  return IS_LONG ? long : quick
}
