import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const fixture = await sharedFixture()
const visitor = await arrive(fixture)
const { page } = visitor

async function addQueue(name: string): Promise<string> {
  return (await fixture.call('POST', '/queues', { name })).queue.id
}

/** Opens a section of the form: its title, not the fields of the same name. */
function unfold(title: string): Promise<void> {
  return visitor.dialog().locator('summary').getByText(title, { exact: true }).click()
}

test('a listener is made, and its secret is shown once', async () => {
  const queue = await addQueue('fresh')
  await visitor.open(`/queues/${queue}`)
  await visitor.button('New listener').click()
  const dialog = visitor.dialog()
  await dialog.getByLabel('Name').fill('warehouse')
  await dialog.getByLabel('URL for messages').fill('shop.example.com')
  await dialog.getByRole('button', { name: 'Create the listener' }).click()
  await dialog.getByText(/absolute http or https URL/).waitFor()
  await dialog.getByLabel('URL for messages').fill(`${fixture.receiverUrl}/mail`)
  await dialog.getByRole('button', { name: 'Create the listener' }).click()
  await dialog.getByText(/^whsec_/).waitFor()
  await page.keyboard.press('Escape')
  await dialog.getByText(/^whsec_/).waitFor()
  await visitor.button('I have copied it').click()
  await visitor.heading('warehouse').waitFor()
  assert.equal(await page.getByText(/whsec_/).count(), 0)
})

test('a listener that pulls shows how to', async () => {
  const queue = await addQueue('pulled')
  await visitor.open(`/queues/${queue}`)
  await visitor.button('New listener').click()
  await visitor.dialog().getByLabel('Name').fill('worker')
  await visitor.dialog().getByLabel('How messages get there').selectOption('pull')
  await visitor.button('Create the listener').click()
  await visitor.button('I have copied it').click()
  await visitor.heading('Pull its messages').waitFor()
  await page.getByText(/\/pull \\/).waitFor()
})

test('a listener is edited: order, limits, headers', async () => {
  const queue = await addQueue('edited')
  const made = { name: 'old', notify_url: `${fixture.receiverUrl}/mail` }
  const { listener } = await fixture.call('POST', `/queues/${queue}/listeners`, made)
  await visitor.open(`/queues/${queue}/listeners/${listener.id}`)
  await visitor.pick('More for this listener', 'Edit')
  const dialog = visitor.dialog()
  await dialog.getByLabel('Name').fill('new')
  await dialog.getByLabel('Method').selectOption('PUT')
  for (const section of ['Order and status', 'Limits', 'Retries', 'Headers']) await unfold(section)
  await dialog.getByLabel('Order', { exact: true }).selectOption('queue')
  await dialog.getByLabel('After a missed message').selectOption('block')
  await dialog.getByLabel('Timeout (ms)').fill('2500')
  await dialog.getByLabel('Rate limit: requests').fill('50')
  await dialog.getByLabel('Attempts').fill('7')
  await dialog.getByLabel('Circuit breaker').selectOption('off')
  await dialog.getByLabel('Headers, one a line').fill('x-tenant: shop')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await visitor.heading('new').waitFor()
  const saved = (await fixture.call('GET', `/queues/${queue}/listeners/${listener.id}`)).listener
  assert.deepEqual(
    [saved.name, saved.ordering, saved.on_missed, saved.timeout, saved.rate_limit, saved.headers],
    ['new', 'queue', 'block', 2500, { requests: 50, per: 1000 }, { 'x-tenant': '***' }],
  )
  assert.deepEqual([saved.method, saved.circuit_breaker, saved.retry.max_attempts], ['PUT', false, 7])
  // What is set is shown without its value, and stays where the line is left as it is.
  await page.getByText('x-tenant (values are set, and not shown)').waitFor()
  await visitor.pick('More for this listener', 'Edit')
  await unfold('Headers')
  const headers = dialog.getByLabel('Headers, one a line')
  assert.equal(await headers.inputValue(), 'x-tenant: ***')
  await dialog.getByText('Values are never shown again').waitFor()
  await headers.fill('x-tenant: ***\nx-new: 1')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('x-tenant, x-new (values').waitFor()
})

test('only what was changed is sent, and a section with a fault within opens by itself', async () => {
  const queue = await addQueue('refused')
  const made = { name: 'still', notify_url: `${fixture.receiverUrl}/mail`, retry: { max_attempts: 4 } }
  const { listener } = await fixture.call('POST', `/queues/${queue}/listeners`, made)
  await visitor.open(`/queues/${queue}/listeners/${listener.id}`)
  await visitor.pick('More for this listener', 'Edit')
  const dialog = visitor.dialog()
  await unfold('Retries')
  await dialog.getByLabel('Attempts').fill('many')
  await unfold('Retries')
  await dialog.getByLabel('Attempts').waitFor({ state: 'hidden' })
  const [refused] = await Promise.all([
    page.waitForRequest((request) => request.method() === 'PATCH'),
    dialog.getByRole('button', { name: 'Save' }).click(),
  ])
  assert.deepEqual(Object.keys(refused.postDataJSON()), ['retry'])
  await dialog.getByText('must be a whole number').waitFor()
  await dialog.getByLabel('Attempts').fill('5')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal((await fixture.call('GET', `/queues/${queue}/listeners/${listener.id}`)).listener.retry.max_attempts, 5)
})

test('a listener gets credentials, which are shown as set and kept where nothing else is typed', async () => {
  const queue = await addQueue('authenticated')
  const heard: (string | undefined)[] = []
  fixture.answers.guarded = (response) => {
    heard.push(response.req.headers.authorization)
    response.end('ok')
  }
  const made = { name: 'guarded', notify_url: `${fixture.receiverUrl}/guarded` }
  const { listener } = await fixture.call('POST', `/queues/${queue}/listeners`, made)
  const path = `/queues/${queue}/listeners/${listener.id}`
  await visitor.open(path)
  await visitor.pick('More for this listener', 'Edit')
  const dialog = visitor.dialog()
  await unfold('Authentication')
  await dialog.getByLabel('Deliveries authenticate').selectOption('oauth2')
  await dialog.getByLabel('Token URL').fill('nowhere')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText(/absolute http or https URL/).waitFor()
  await dialog.getByLabel('Deliveries authenticate').selectOption('basic')
  await dialog.getByLabel('User name').fill('till')
  await dialog.getByLabel('Password').fill('open sesame')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('user name till and password (set, and not shown)').waitFor()
  await visitor.pick('More for this listener', 'Edit')
  await unfold('Authentication')
  assert.equal(await dialog.getByLabel('Password').inputValue(), '***')
  await dialog.getByLabel('User name').fill('desk')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('user name desk and password').waitFor()
  await fixture.call('POST', `/queues/${queue}/messages`, { data: 'x' })
  await page.locator('.figure', { hasText: 'Acknowledged' }).getByText('1', { exact: true }).waitFor()
  assert.deepEqual(heard, [`Basic ${Buffer.from('desk:open sesame').toString('base64')}`])
  await visitor.pick('More for this listener', 'Edit')
  await unfold('Authentication')
  await dialog.getByLabel('Deliveries authenticate').selectOption('none')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('user name desk').waitFor({ state: 'detached' })
  assert.equal((await fixture.call('GET', path)).listener.auth, null)
})

test('a listener gets a filter, a fault in it is told beside it, and a message names those that it left out', async () => {
  const queue = await addQueue('filtered')
  const { listener } = await fixture.call('POST', `/queues/${queue}/listeners`, { name: 'picky' })
  const path = `/queues/${queue}/listeners/${listener.id}`
  await visitor.open(path)
  await visitor.pick('More for this listener', 'Edit')
  const dialog = visitor.dialog()
  await unfold('Filter')
  const text = dialog.getByLabel('Messages that it gets, as JSON')
  await text.fill('{ "data": { "total": { "$above": 5 } } }')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText(/^\/data\/total\/\$above is no operator/).waitFor()
  await text.fill('{ "data": { "total": { "$gt": 5 } } }')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.deepEqual((await fixture.call('GET', path)).listener.filter, { data: { total: { $gt: 5 } } })
  const { message } = await fixture.call('POST', `/queues/${queue}/messages`, { data: '{"total":5}' })
  await visitor.open(`/queues/${queue}/messages/${message.id}`)
  const leftOut = page.getByRole('region', { name: 'Left out by their filters' })
  await leftOut.getByText('/data/total/$gt').waitFor()
  await leftOut.getByRole('link', { name: 'picky' }).waitFor()
})

test('a listener that pulls is asked for nothing that only sending needs', async () => {
  await visitor.open(`/queues/${fixture.ids.orders}`)
  await visitor.button('New listener').click()
  const dialog = visitor.dialog()
  const sections = () => dialog.locator('summary').allTextContents()
  assert.ok((await sections()).includes('Retries'))
  await dialog.getByLabel('How messages get there').selectOption('pull')
  assert.deepEqual(await sections(), ['Filter', 'Order and status', 'Limits'])
  await page.keyboard.press('Escape')
})

test('a delivery to a listener is checked, phase by phase', async () => {
  await visitor.open(`/queues/${fixture.ids.orders}/listeners/${fixture.ids['orders/mail']}`)
  await page.getByRole('button', { name: 'Check', exact: true }).click()
  await visitor.button('Check now').click()
  await visitor.dialog().getByText('A delivery would be acknowledged.').waitFor()
  await visitor.dialog().getByText('Send a signed test message').waitFor()
  await page.keyboard.press('Escape')
  await visitor.open(`/queues/${fixture.ids['partner-feed']}/listeners/${fixture.ids['partner-feed/partner']}`)
  await page.getByRole('button', { name: 'Check', exact: true }).click()
  await visitor.button('Check now').click()
  await visitor.dialog().getByText('A delivery would fail.').waitFor()
  await page.keyboard.press('Escape')
})

test('a secret is rotated and shown once', async () => {
  await visitor.open(`/queues/${fixture.ids.orders}/listeners/${fixture.ids['orders/mail']}`)
  await visitor.pick('More for this listener', 'Rotate the secret')
  await visitor.button('Make a new secret').click()
  await visitor
    .dialog()
    .getByText(/^whsec_/)
    .waitFor()
  await visitor.button('I have copied it').click()
  await visitor.dialog().waitFor({ state: 'detached' })
})

test('liveness over time is drawn from what the listener became, and says it in words', async () => {
  const partner = `/queues/${fixture.ids['partner-feed']}/listeners/${fixture.ids['partner-feed/partner']}`
  const { changes } = await fixture.call('GET', `${partner}/liveness`)
  assert.ok(changes.length > 0, 'the trouble of the fixture shows in the liveness')
  await visitor.open(partner)
  const card = page.getByRole('region', { name: 'Liveness over time' })
  await card.getByRole('img', { name: /Over 24 h: .*unknown for/ }).waitFor()
  assert.equal(await card.locator('.liveness i').count(), changes.length + 1)
  await card.getByRole('listitem').first().getByText(changes[0].state, { exact: true }).waitFor()
})

test('what was missed is redelivered, with a count before and the progress after', async () => {
  const path = `/queues/${fixture.ids['partner-feed']}/listeners/${fixture.ids['partner-feed/partner']}`
  await visitor.open(path)
  await page.locator('.figure', { hasText: 'Missed' }).getByText('12', { exact: true }).waitFor()
  const { partner } = fixture.answers
  fixture.answers.partner = (response) => void response.end('ok')
  await visitor.button('Redeliver').click()
  await visitor.dialog().getByText('12 messages would be sent again.').waitFor()
  await visitor.dialog().getByRole('button', { name: 'Redeliver' }).click()
  await visitor.dialog().getByText('12 messages are on the way again').waitFor()
  await visitor.dialog().getByRole('button', { name: 'Close' }).click()
  await page.locator('.figure', { hasText: 'Missed' }).getByText('0', { exact: true }).waitFor()
  fixture.answers.partner = partner!
})

test('a count goes on past what one answer of the server looks at', async () => {
  const queue = await addQueue('long')
  await fixture.call('PATCH', `/queues/${queue}`, { paused: true })
  const made = { name: 'patient', notify_url: `${fixture.receiverUrl}/mail` }
  const { listener } = await fixture.call('POST', `/queues/${queue}/listeners`, made)
  const messages = Array.from({ length: 1_000 }, () => ({ data: 'x' }))
  for (let sent = 0; sent < 11; sent++) await fixture.call('POST', `/queues/${queue}/messages/batch`, { messages })
  await visitor.open(`/queues/${queue}/listeners/${listener.id}`)
  await visitor.button('Redeliver').click()
  await visitor.dialog().getByText('No message fits: nothing would be sent.').waitFor()
  assert.ok(await visitor.dialog().getByRole('button', { name: 'Redeliver' }).isDisabled())
  await visitor.dialog().getByLabel('Which').selectOption('all')
  await visitor.dialog().getByText('11,000 messages would be sent again.').waitFor()
  await page.keyboard.press('Escape')
})

test('a listener is deleted', async () => {
  const queue = await addQueue('left')
  const made = { name: 'leaving', notify_url: `${fixture.receiverUrl}/mail` }
  const { listener } = await fixture.call('POST', `/queues/${queue}/listeners`, made)
  await visitor.open(`/queues/${queue}/listeners/${listener.id}`)
  await visitor.pick('More for this listener', 'Delete')
  await visitor.dialog().getByRole('button', { name: 'Delete the listener' }).click()
  await visitor.heading('Nobody listens yet').waitFor()
})

test('nothing went wrong behind the pages', () => assertContent(visitor))
