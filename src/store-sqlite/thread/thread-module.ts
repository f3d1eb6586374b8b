import { getAsset, isSea } from 'node:sea'

/** Where a single executable keeps the modules of its threads, each with all that it imports in one file. */
const THREAD_ASSETS = 'threads/'

/**
 * The module of a thread, `name` beside the file at `here`: `.ts` in development and `.js` when built. In a single
 * executable it is the text itself, for a thread sees none of the files that are in there.
 */
export function threadModule(name: string, here: string): URL {
  if (!isSea()) return new URL(`${name}${/\.[jt]s$/.exec(here)![0]}`, here)
  return new URL(`data:text/javascript,${encodeURIComponent(getAsset(`${THREAD_ASSETS}${name}.js`, 'utf8'))}`)
}
