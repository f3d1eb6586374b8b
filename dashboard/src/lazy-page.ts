import { type ComponentType, lazy } from 'react'

const FIRST_WAIT_MS = 500
const MAX_WAIT_MS = 5_000

/**
 * A page in a file of its own, which is asked for again until it comes: a page that is first opened while the server is
 * away is there once that is back. A server that answers, but does not have the file, has been updated: that is an error,
 * and the page says to reload it.
 */
export function lazyPage<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  return lazy(async () => ({ default: await untilLoaded(load) }))
}

async function untilLoaded<Page>(load: () => Promise<Page>): Promise<Page> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
    try {
      return await load()
    } catch (error) {
      if (await answers()) {
        // It may have come back between the two.
        return await load().catch(() => {
          throw error
        })
      }
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}

/** Whether the server is there at all. */
async function answers(): Promise<boolean> {
  try {
    await fetch(new URL('health/live', document.baseURI.replace(/#.*$/, '')), { cache: 'no-store' })
    return true
  } catch {
    return false
  }
}
