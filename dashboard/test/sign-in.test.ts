import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ROOT_KEY } from './fixture.ts'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const fixture = await sharedFixture()

test('a wrong key is told so, and a right one leads in; it is nowhere but in the session of the tab', async () => {
  const visitor = await arrive(fixture, { key: null })
  const { page } = visitor
  await visitor.field('API key').fill('not-a-key')
  await page.keyboard.press('Enter')
  await visitor.sees('the API key is unknown or disabled')
  await visitor.field('API key').fill(ROOT_KEY)
  await page.keyboard.press('Enter')
  await visitor.heading('Overview').waitFor()
  const kept = await page.evaluate(() => ({
    session: { ...sessionStorage },
    local: { ...localStorage },
    cookie: document.cookie,
  }))
  assert.deepEqual(kept, { session: { 'discue.key': ROOT_KEY }, local: {}, cookie: '' })
  assert.ok(!page.url().includes(ROOT_KEY))
  await visitor.button('Sign out').click()
  await visitor.heading('Sign in to discue').waitFor()
  assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {})
  assertContent(visitor)
})

test('a key that is deleted leads back to signing in, and says why', async () => {
  const { api_key: key, id } = await fixture.call('POST', '/api_keys', { name: 'short-lived' })
  const visitor = await arrive(fixture, { key })
  await visitor.open('/queues')
  await visitor.sees('orders')
  await fixture.call('DELETE', `/api_keys/${id}`)
  await visitor.sees('The key does not work any more')
  await visitor.heading('Sign in to discue').waitFor()
  assertContent(visitor)
})

test('a key that lacks scopes sees what it may, and is told what it lacks', async () => {
  const scopes = [{ resource: 'queues', access: 'read', targets: '*' }]
  const { api_key: key } = await fixture.call('POST', '/api_keys', { name: 'reader', scopes })
  const visitor = await arrive(fixture, { key })
  await visitor.sees('This key may not see the statistics')
  await visitor.sees('It lacks the scope “stats: read”')
  await visitor.sees('Not live')
  await visitor.open('/queues')
  await visitor.page.getByRole('link', { name: 'orders', exact: true }).waitFor()
  await visitor.open(`/queues/${fixture.ids.orders}`)
  await visitor.sees('It lacks the scope “listeners: read”')
  assert.equal(await visitor.page.getByRole('link', { name: 'API keys' }).count(), 0)
  await visitor.button('Pause').click()
  assertContent(visitor)
})

test('a server that goes away is told of, and the page is well again once it is back', async () => {
  const visitor = await arrive(fixture)
  const { page } = visitor
  await page.route('**/v1/**', (route) => route.abort('connectionrefused'))
  await page.goto(`${fixture.url}/#/ledger`)
  await visitor.sees('The server does not answer')
  await page.unrouteAll()
  await visitor.sees('The ledger balances')
  await page.getByText('What is shown may be old').waitFor({ state: 'detached' })
})

test('503 is tried again, and 429 too, when the server says so', async () => {
  const visitor = await arrive(fixture)
  const { page } = visitor
  for (const status of [503, 429]) {
    let asked = 0
    await page.route(/\/v1\/queues\?/, (route) => {
      asked += 1
      if (asked > 1) return route.continue()
      const body = JSON.stringify({ title: 'Later', status, detail: 'come back in a moment' })
      return route.fulfill({ status, headers: { 'retry-after': '1' }, contentType: 'application/json', body })
    })
    await page.goto(`${fixture.url}/#/queues`)
    await page.reload()
    await visitor.sees('come back in a moment')
    await page.getByRole('link', { name: 'orders', exact: true }).waitFor()
    assert.ok(asked >= 2)
    await page.unrouteAll()
  }
})

test('a lock-out is told from a missing scope, and is over when the server says so', async () => {
  const visitor = await arrive(fixture)
  const { page } = visitor
  let locked = true
  await page.route(/\/v1\/queues\?/, (route) => {
    if (!locked) return route.continue()
    const body = JSON.stringify({ title: 'Forbidden', status: 403, detail: 'too many API keys were rejected' })
    return route.fulfill({ status: 403, headers: { 'retry-after': '1' }, contentType: 'application/json', body })
  })
  await page.goto(`${fixture.url}/#/queues`)
  await page.reload()
  // It is told at once, and tried again by itself when the server says so.
  await visitor.heading('This address is locked out').waitFor()
  await visitor.sees('The key is not at fault; try again in 1 s.')
  locked = false
  await page.getByRole('link', { name: 'orders', exact: true }).waitFor()
  await page.unrouteAll()
  const body = JSON.stringify({ title: 'Forbidden', status: 403, detail: 'the API key lacks the scope for this' })
  await page.route(/\/v1\/queues\?/, (route) => route.fulfill({ status: 403, contentType: 'application/json', body }))
  await page.reload()
  await visitor.sees('This key may not see')
  await page.unrouteAll()
})
