import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { type Look, startBrowser } from './browser.ts'
import { type Fixture, ROOT_KEY, startFixture } from './fixture.ts'

/** A signed-in user at a browser, who notices all that goes wrong behind the page. */
export interface Visitor {
  page: Page
  /** Goes to a page of the dashboard, such as `/queues`. */
  open(path: string): Promise<void>
  button(name: string | RegExp): Locator
  field(label: string | RegExp): Locator
  heading(name: string | RegExp): Locator
  /** Waits until the words are somewhere on the page. */
  sees(words: string | RegExp): Promise<void>
  dialog(): Locator
  /** Picks from the menu behind the three dots. */
  pick(menu: string | RegExp, item: string | RegExp): Promise<void>
  /** What the page should never do: errors in its console, breaches of its policy, requests to elsewhere. */
  complaints: string[]
}

/** A fixture for all tests of a file, closed after the last of them. */
export async function sharedFixture(
  options: Parameters<typeof startFixture>[0] = { history: false },
): Promise<Fixture> {
  const fixture = await startFixture(options)
  after(() => fixture.close())
  return fixture
}

/** A browser of its own, closed after the last test of the file. */
export async function arrive(fixture: Fixture, look: Look & { key?: string | null } = {}): Promise<Visitor> {
  const { key = ROOT_KEY, ...rest } = look
  const browser = await startBrowser(rest)
  after(() => browser.close())
  const { page } = browser
  const complaints = listen(page, fixture.url)
  await page.goto(fixture.url)
  if (key !== null) {
    await page.getByLabel('API key').fill(key)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  }
  return {
    page,
    complaints,
    open: async (path) => {
      await page.goto(`${fixture.url}/#${path}`)
      await page.locator('.bones').first().waitFor({ state: 'detached' })
    },
    button: (name) => page.getByRole('button', { name }),
    field: (label) => page.getByLabel(label, { exact: typeof label === 'string' }),
    heading: (name) => page.getByRole('heading', { name, exact: typeof name === 'string' }),
    sees: (words) => page.getByText(words).first().waitFor(),
    dialog: () => page.getByRole('dialog'),
    pick: async (menu, item) => {
      await page.getByRole('button', { name: menu }).click()
      await page.getByRole('menuitem', { name: item }).click()
    },
  }
}

function listen(page: Page, url: string): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    // The browser itself tells of answers that are not 200; what those mean is up to the tests.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`a request to ${request.url()}`)
  })
  return complaints
}

export function assertContent({ complaints }: Visitor): void {
  assert.deepEqual(complaints, [])
}
