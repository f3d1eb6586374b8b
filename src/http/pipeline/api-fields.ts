/**
 * What every answer of the API says of itself: a cache must not keep what belongs to one key, and a browser must not take
 * data for something that it could run.
 */
export const API_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}

/** The headers of every response as a flat list of names and values, as Node takes them fastest. */
export const API_FIELDS: readonly string[] = Object.entries(API_HEADERS).flat()
