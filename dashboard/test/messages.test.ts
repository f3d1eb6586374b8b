import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ROOT_KEY } from './fixture.ts'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const fixture = await sharedFixture()
const visitor = await arrive(fixture)
const { page } = visitor
const orders = fixture.ids.orders!

async function addQueue(name: string): Promise<string> {
  return (await fixture.call('POST', '/queues', { name })).queue.id
}

/** As the browser, which is in Berlin, takes a time. */
function localText(ms: number): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'short' })
  return format.format(ms).replace(' ', 'T')
}

test('a test message is sent, and its journey shows each attempt with what was sent and what came back', async () => {
  fixture.answers.shop = (response) => void response.writeHead(500).end('{"oops":true}')
  await visitor.open(`/queues/${orders}/messages`)
  await visitor.button('Send a message').first().click()
  const dialog = visitor.dialog()
  await dialog.getByLabel('Data').fill('{"order":0}')
  await dialog.getByRole('button', { name: 'Send' }).click()
  await dialog
    .getByText(/is required|must be/)
    .first()
    .waitFor()
  await dialog.getByLabel('Data').fill('{"order":41,"customer":"c-1","total":3}')
  await dialog.getByLabel('Name (optional)').fill('by-hand')
  await dialog.getByRole('button', { name: 'Send' }).click()
  await visitor.heading('by-hand').waitFor()
  const shop = page.getByRole('region', { name: 'shop' })
  await shop.getByText('Attempt 1: answered 500').waitFor()
  await shop.getByText(/Missed, after 3 attempts/).waitFor()
  await shop.getByText('What came back').first().click()
  await shop.getByText('"oops": true').first().waitFor()
  await shop.getByText('As it would be sent now').click()
  await shop.getByText(/POST http.*\/shop/).waitFor()
  await page.getByRole('region', { name: 'mail' }).getByText('Acknowledged').waitFor()
})

test('a missed message is redelivered to the listener that missed it', async () => {
  fixture.answers.shop = (response) => void response.end('fine')
  const shop = page.getByRole('region', { name: 'shop' })
  await shop.getByRole('button', { name: 'Redeliver' }).click()
  await shop.getByText('Acknowledged').waitFor()
})

test('a journey says why a message waits', async () => {
  const telemetry = fixture.ids.telemetry!
  const { message } = await fixture.call('POST', `/queues/${telemetry}/messages`, { data: '{"cpu":1}' })
  await visitor.open(`/queues/${telemetry}/messages/${message.id}`)
  await visitor.sees('Waits: the queue is paused')
  const later = Date.now() + 3_600_000
  const planned = await fixture.call('POST', `/queues/${fixture.ids['search-index']}/messages`, {
    data: 'x',
    deliver_at: later,
  })
  await visitor.open(`/queues/${fixture.ids['search-index']}/messages/${planned.message.id}`)
  await visitor.sees(/Waits for its time, in 59 min/)
})

test('what would be sent is told by the settings of now, and never as what was sent', async () => {
  const queue = await addQueue('resettled')
  const made = { name: 'desk', notify_url: `${fixture.receiverUrl}/mail`, headers: { 'x-token': 'secret-value' } }
  const { listener } = await fixture.call('POST', `/queues/${queue}/listeners`, made)
  const { message } = await fixture.call('POST', `/queues/${queue}/messages`, { data: '{"a":1}' })
  await visitor.open(`/queues/${queue}/messages/${message.id}`)
  await page.getByText('Acknowledged').waitFor()
  await fixture.call('PATCH', `/queues/${queue}/listeners/${listener.id}`, { method: 'GET' })
  await visitor.open(`/queues/${queue}/messages/${message.id}`)
  await page.getByText('As it would be sent now').click()
  const request = await page.getByText(/^GET http/).innerText()
  assert.match(request, /x-token: \*\*\*/)
  assert.doesNotMatch(request, /"a": 1|secret-value|content-type/)
  assert.equal(await page.getByText('What was sent').count(), 0)
})

test('a listener that is down says what that costs: attempts where a circuit breaker tries, none where a URL is asked', async () => {
  const queue = await addQueue('outage')
  const failing = `${fixture.receiverUrl}/partner`
  const retry = { max_attempts: 90, initial_delay: 10, max_delay: 10 }
  for (const made of [{ name: 'tried' }, { name: 'asked', liveness_url: failing, notify_url: failing }]) {
    await fixture.call('POST', `/queues/${queue}/listeners`, { notify_url: failing, retry, ...made })
  }
  const messages = Array.from({ length: 30 }, () => ({ data: 'x' }))
  const sent = await fixture.call('POST', `/queues/${queue}/messages/batch`, { messages })
  await visitor.open(`/queues/${queue}/messages/${sent.messages.at(-1).id}`)
  const words = (listener: string) => page.getByRole('region', { name: listener })
  await words('tried').getByText('which counts as an attempt of that one').waitFor({ timeout: 60_000 })
  await words('asked').getByText('no attempt is used up').waitFor({ timeout: 60_000 })
  assert.equal(await words('tried').getByText('no attempt is used up').count(), 0)
})

test('a scheduled message is moved, and cancelled', async () => {
  const queue = await addQueue('planned')
  await fixture.call('POST', `/queues/${queue}/listeners`, { name: 'desk' })
  const { message } = await fixture.call('POST', `/queues/${queue}/messages`, { data: 'x', delay: 3_600_000 })
  const path = `/queues/${queue}/messages/${message.id}`
  await visitor.open(path)
  await visitor.button('Move').click()
  const next = Math.floor(Date.now() / 60_000) * 60_000 + 7 * 86_400_000
  await visitor.dialog().getByLabel('Deliver at').fill(localText(next))
  await visitor.dialog().getByRole('button', { name: 'Move' }).click()
  await visitor.dialog().waitFor({ state: 'detached' })
  const moved = (await fixture.call('GET', path)).message.deliver_at
  assert.equal(moved, next)
  await visitor.button('Cancel').click()
  await visitor.button('Cancel the message').click()
  await page.getByRole('tab', { name: 'Messages', selected: true }).waitFor()
  await assert.rejects(fixture.call('GET', path), /404/)

  const other = await fixture.call('POST', `/queues/${queue}/messages`, { data: 'x', delay: 3_600_000 })
  await visitor.open(`/queues/${queue}/messages/${other.message.id}`)
  await visitor.button('Move').click()
  await visitor.dialog().getByLabel('Deliver at').fill('')
  await visitor.dialog().getByRole('button', { name: 'Deliver now' }).click()
  await visitor.sees('Waits to be pulled')
})

test('a message is edited and sent again, with all that it said', async () => {
  const queue = await addQueue('again')
  await fixture.call('POST', `/queues/${queue}/listeners`, { name: 'desk' })
  const said = { data: '{"it\'s":1}', name: 'original', key: 'k', headers: { 'x-kind': 'a' }, expires_in: 5_400_000 }
  const { message } = await fixture.call('POST', `/queues/${queue}/messages`, said)
  await visitor.open(`/queues/${queue}/messages/${message.id}`)
  await visitor.pick('More for this message', 'Copy as curl')
  await visitor.sees('Copied.')
  const line = await page.evaluate(() => navigator.clipboard.readText())
  const run = promisify(execFile)('sh', ['-c', line], { env: { ...process.env, KEY: ROOT_KEY } })
  const copied = JSON.parse((await run).stdout).message
  await visitor.pick('More for this message', 'Edit and resend')
  const dialog = visitor.dialog()
  assert.equal(await dialog.getByLabel('Expires after').inputValue(), '1 h 30 min')
  await dialog.getByLabel('Name (optional)').fill('second')
  await dialog.getByLabel('Expires after').fill('soon')
  await dialog.getByText('not a length of time').waitFor()
  assert.ok(await dialog.getByRole('button', { name: 'Send' }).isDisabled())
  await dialog.getByLabel('Expires after').fill('2 h')
  await dialog.getByLabel('Headers, one a line').fill('x-kind: b')
  await dialog.getByRole('button', { name: 'Send' }).click()
  await visitor.heading('second').waitFor()
  const { messages } = (await fixture.call('GET', `/queues/${queue}/messages?_embed`))._embedded
  const [second, curled] = messages
  assert.deepEqual([second.data, second.key, second.headers], [said.data, 'k', { 'x-kind': 'b' }])
  assert.equal(second.expires_at - second.deliver_at, 7_200_000)
  assert.equal(curled.id, copied.id)
  assert.deepEqual([curled.data, curled.name, curled.headers], [said.data, 'original', said.headers])
})

test('a message that expired says so, with what it was sent with and until when it was good', async () => {
  const queue = (await fixture.call('POST', '/queues', { name: 'short-lived' })).queue.id
  await fixture.call('POST', `/queues/${queue}/listeners`, { name: 'desk' })
  const headers = { 'x-kind': 'login' }
  const { message } = await fixture.call('POST', `/queues/${queue}/messages`, { data: '4711', expires_in: 1, headers })
  await visitor.open(`/queues/${queue}/messages/${message.id}`)
  await visitor.sees('x-kind: login')
  await visitor.sees('Expired before it was delivered')
})

test('messages are found by name, key, status, time and id', async () => {
  const queue = (await fixture.call('POST', '/queues', { name: 'searched' })).queue.id
  await fixture.call('POST', `/queues/${queue}/messages`, { data: '0', name: 'early' })
  await fixture.call('POST', `/queues/${queue}/listeners`, { name: 'desk' })
  const first = await fixture.call('POST', `/queues/${queue}/messages`, { data: '1', name: 'needle', key: 'k-1' })
  await fixture.call('POST', `/queues/${queue}/messages`, { data: '2', name: 'straw', key: 'k-2' })
  await fixture.call('POST', `/queues/${queue}/messages`, { data: '3', delay: 600_000, name: 'later' })
  await visitor.open(`/queues/${queue}/messages`)
  const rows = page.getByRole('table', { name: 'Messages' }).locator('.table-body').getByRole('row')
  const found = async (expected: string[]) => {
    await page.getByText(`${expected.length} in all`).waitFor()
    assert.deepEqual(await rows.getByRole('link').allTextContents(), expected)
  }
  const find = async () => {
    await page.getByRole('button', { name: 'Find', exact: true }).click()
  }
  await found(['later', 'straw', 'needle', 'early'])
  await visitor.field('Find by').selectOption('name')
  await visitor.field('Which is exactly').fill('needle')
  await find()
  await found(['needle'])
  await visitor.field('Find by').selectOption('key')
  await visitor.field('Which is exactly').fill('k-2')
  await find()
  await found(['straw'])
  await visitor.button('Clear').click()
  await visitor.field('Status').selectOption('scheduled')
  await find()
  await found(['later'])
  await visitor.field('Status').selectOption('unrouted')
  await find()
  await found(['early'])
  await visitor.button('Clear').click()
  await visitor.field('Accepted until').fill('2020-01-01T00:00')
  await find()
  await visitor.heading('No message fits').waitFor()
  await visitor.button('Clear').click()
  await visitor.field('Find by').selectOption('id')
  await visitor.field('Which is exactly').fill(first.message.id)
  await find()
  await visitor.heading('needle').waitFor()
})

test('messages of all queues are found by what is in their data, and the address keeps what was asked for', async () => {
  const [one, other] = [await addQueue('content-1'), await addQueue('content-2')]
  await fixture.call('POST', `/queues/${one}/messages`, { data: '{"order":{"id":17}}', name: 'seventeen' })
  await fixture.call('POST', `/queues/${other}/messages`, { data: 'a haystack with a pin in it', name: 'haystack' })
  await visitor.open('/messages')
  const links = page.getByRole('table', { name: 'Messages' }).locator('.table-body').getByRole('link')
  await visitor.field('Which contains').fill('with a pin')
  await page.keyboard.press('Enter')
  await page.getByText('1 in all').waitFor()
  assert.deepEqual(await links.allTextContents(), ['haystack'])
  assert.match(page.url(), /#\/messages\?text=with\+a\+pin$/)
  await visitor.field('Find by').selectOption('data')
  await visitor.field('Path = value').fill('seventeen')
  await visitor.sees('must be a path in the data')
  await visitor.field('Path = value').fill('order.id=17')
  await page.keyboard.press('Enter')
  await links.getByText('seventeen').waitFor()
  await page.reload()
  await links.getByText('seventeen').click()
  await visitor.heading('seventeen').waitFor()
  await page.goBack()
  assert.equal(await visitor.field('Path = value').inputValue(), 'order.id=17')
})

test('what one listener missed is found, whatever became of it for others', async () => {
  const queue = await addQueue('half-missed')
  const retry = { max_attempts: 1 }
  const ids: string[] = []
  for (const name of ['mail', 'partner']) {
    const made = { name, notify_url: `${fixture.receiverUrl}/${name}`, retry }
    ids.push((await fixture.call('POST', `/queues/${queue}/listeners`, made)).listener.id)
  }
  // It never gets anything, so that the message as a whole is still pending.
  await fixture.call('POST', `/queues/${queue}/listeners`, { name: 'worker' })
  const { message } = await fixture.call('POST', `/queues/${queue}/messages`, { data: 'x', name: 'half' })
  await visitor.open(`/queues/${queue}/messages/${message.id}`)
  await page.getByText(/Missed, after 1 attempt/).waitFor()
  await visitor.open(`/queues/${queue}/messages`)
  await visitor.field('Status').selectOption('missed')
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await page.getByText('1 in all').waitFor()
  await visitor.field('Listener').selectOption(ids[1]!)
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await page.getByText('1 in all').waitFor()
  await visitor.field('Listener').selectOption(ids[0]!)
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await visitor.heading('No message fits').waitFor()
})

test('what goes to no listener is said before it is sent, and on its page, and what a deleted one had not got', async () => {
  const queue = (await fixture.call('POST', '/queues', { name: 'lonely' })).queue.id
  await visitor.open(`/queues/${queue}/messages`)
  await visitor.button('Send a message').first().click()
  const dialog = visitor.dialog()
  await dialog.getByText('This queue has no listener').waitFor()
  await dialog.getByLabel('Name (optional)').fill('nowhere')
  await dialog.getByRole('button', { name: 'Send' }).click()
  await visitor.heading('nowhere').waitFor()
  await visitor.sees('The queue had no listener when this was accepted')
  await page.getByText('unrouted', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Add a listener' }).click()
  await visitor.heading('Nobody listens yet').waitFor()

  const { listener } = await fixture.call('POST', `/queues/${queue}/listeners`, { name: 'desk' })
  const { message } = await fixture.call('POST', `/queues/${queue}/messages`, { data: 'x' })
  await fixture.call('DELETE', `/queues/${queue}/listeners/${listener.id}`)
  await visitor.open(`/queues/${queue}/messages/${message.id}`)
  await visitor.sees('Discarded: the listener was deleted before it had this')
  await visitor.sees(`Deleted: ${listener.id}`)
})

test('a message is opened by its id, whatever queue it is on', async () => {
  const { message } = await fixture.call('POST', `/queues/${fixture.ids['search-index']}/messages`, {
    data: 'x',
    name: 'somewhere',
  })
  await visitor.open('/messages')
  await visitor.field('Or open by id, in any queue').fill(message.id)
  await visitor.button('Open').click()
  await visitor.heading('somewhere').waitFor()
  await visitor.open('/messages')
  await visitor.field('Or open by id, in any queue').fill('0'.repeat(21))
  await visitor.button('Open').click()
  await visitor.sees('No message of any queue has this id')
})

test('a message is deleted', async () => {
  const { message } = await fixture.call('POST', `/queues/${fixture.ids.telemetry}/messages`, {
    data: 'x',
    name: 'unwanted',
  })
  await visitor.open(`/queues/${fixture.ids.telemetry}/messages/${message.id}`)
  await visitor.pick('More for this message', 'Delete')
  await visitor.button('Delete the message').click()
  await page.getByRole('tab', { name: 'Messages', selected: true }).waitFor()
  await assert.rejects(fixture.call('GET', `/queues/${fixture.ids.telemetry}/messages/${message.id}`), /404/)
})

test('usage events show as they happen, and by kind', async () => {
  await visitor.open('/events')
  await visitor.sees('Live')
  await fixture.call('POST', `/queues/${fixture.ids['search-index']}/messages`, { data: 'x', name: 'seen-at-once' })
  await visitor.sees('seen-at-once')
  await visitor.field('Show').selectOption('queues')
  await page.locator('.feed-row').first().getByText('queue added').waitFor()
})

test('nothing went wrong behind the pages', () => assertContent(visitor))
