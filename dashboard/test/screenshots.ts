import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { startBrowser } from './browser.ts'
import { type Fixture, ROOT_KEY, startFixture } from './fixture.ts'

/** Pictures of the pages with a day of realistic data, for the documentation: npm run screenshots:dashboard. */
const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'guides', 'dashboard')
const SETTLED_MS = 1_500

async function pagesOf({ ids, call }: Fixture): Promise<Record<string, string>> {
  const listener = `/queues/${ids['partner-feed']}/listeners/${ids['partner-feed/partner']}`
  const { missed } = (await call('GET', listener)).listener.messages
  return {
    overview: '/',
    queues: '/queues',
    queue: `/queues/${ids.orders}`,
    listener: `/queues/${ids['search-index']}/listeners/${ids['search-index/search']}`,
    messages: `/queues/${ids.orders}/messages`,
    message: `/queues/${ids['partner-feed']}/messages/${missed[0]}`,
    schedules: '/schedules',
    schedule: `/queues/${ids['search-index']}/schedules/${ids['search-index/warm-up']}`,
    events: '/events',
    ledger: '/ledger',
    'api-keys': '/api-keys',
    domains: '/domains',
    organizations: '/organizations',
  }
}

/** What is kept in the documentation; the rest is only looked at. */
const looks = [
  { name: 'light-1280', theme: 'light', width: 1280, height: 860 },
  { name: 'dark-1280', theme: 'dark', width: 1280, height: 860 },
  { name: 'light-390', theme: 'light', width: 390, height: 844 },
  { name: 'dark-390', theme: 'dark', width: 390, height: 844 },
] as const

async function take(page: Page, url: string, path: string, file: string): Promise<void> {
  await page.goto(`${url}/#${path}`)
  await page.locator('h1').waitFor()
  await page.waitForTimeout(SETTLED_MS)
  await page.screenshot({ path: file })
}

const folder = process.argv[2] ?? FOLDER
const wanted = process.argv[3]?.split(',')
mkdirSync(folder, { recursive: true })
const fixture = await startFixture()
try {
  const pages = Object.entries(await pagesOf(fixture)).filter(([name]) => wanted === undefined || wanted.includes(name))
  for (const { name: look, ...how } of looks) {
    const browser = await startBrowser(how)
    await browser.page.goto(fixture.url)
    await browser.page.evaluate((key) => sessionStorage.setItem('discue.key', key), ROOT_KEY)
    await browser.page.reload()
    for (const [name, path] of pages) await take(browser.page, fixture.url, path, join(folder, `${name}-${look}.png`))
    await browser.close()
  }
} finally {
  await fixture.close()
}
