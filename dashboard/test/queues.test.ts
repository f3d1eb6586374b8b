import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const fixture = await sharedFixture()
const visitor = await arrive(fixture)
const { page } = visitor

test('the overview shows what happened, and leads to what needs attention', async () => {
  await visitor.open('/')
  await visitor.sees('Accepted')
  await page.getByRole('link', { name: 'partner-feed → partner' }).click()
  await visitor.heading('partner').waitFor()
  await visitor.open('/')
  await page.getByRole('link', { name: 'telemetry', exact: true }).click()
  await visitor.heading('telemetry').waitFor()
})

test('a queue is made with a schema that a sample was tried against', async () => {
  await visitor.open('/queues')
  await visitor.button('New queue').click()
  const dialog = visitor.dialog()
  await dialog.getByLabel('Name').fill('invoices')
  await dialog.getByLabel(/^Schema/).fill('{ "order": { "type": "nothing" } }')
  await dialog.getByText(/\/order\/type/).waitFor()
  await dialog.getByRole('button', { name: 'Make the queue' }).isDisabled()
  await dialog.getByLabel(/^Schema/).fill('{ "order": { "type": "number", "min": 1 } }')
  await dialog.getByText('The schema is valid.').waitFor()
  await dialog.getByLabel('Try a sample message').fill('{"order":0}')
  await dialog.getByText('/order').waitFor()
  await dialog.getByLabel('Try a sample message').fill('{"order":7}')
  await dialog.getByText('The sample fits the schema.').waitFor()
  await dialog.getByRole('button', { name: 'Make the queue' }).click()
  await visitor.heading('invoices').waitFor()
  const { _embedded } = await fixture.call('GET', '/queues?_embed')
  const made = _embedded.queues.find((queue: { name: string }) => queue.name === 'invoices')
  assert.deepEqual(made.schema, { order: { type: 'number', min: 1 } })
})

test('a name that is taken is told beside its field, in the words of the server', async () => {
  await visitor.open('/queues')
  await visitor.button('New queue').click()
  await visitor.dialog().getByLabel('Name').fill('orders')
  await page.keyboard.press('Enter')
  await visitor.dialog().getByText('another queue has this name').waitFor()
  await page.keyboard.press('Escape')
  await visitor.dialog().waitFor({ state: 'detached' })
})

test('a queue is renamed, paused and resumed', async () => {
  const { queue } = await fixture.call('POST', '/queues', { name: 'changing' })
  await visitor.open(`/queues/${queue.id}`)
  await visitor.pick('More for this queue', 'Edit name and schema')
  await visitor.dialog().getByLabel('Name').fill('changed')
  await visitor.dialog().getByRole('button', { name: 'Save' }).click()
  await visitor.heading('changed').waitFor()
  await visitor.button('Pause').click()
  await visitor.button('Resume').waitFor()
  assert.equal((await fixture.call('GET', `/queues/${queue.id}`)).queue.paused, true)
  await visitor.button('Resume').click()
  await visitor.button('Pause').waitFor()
  assert.equal((await fixture.call('GET', `/queues/${queue.id}`)).queue.paused, false)
})

test('deleting a queue names what goes with it first', async () => {
  const { queue } = await fixture.call('POST', '/queues', { name: 'doomed' })
  const listener = { name: 'its-listener', notify_url: `${fixture.receiverUrl}/shop` }
  await fixture.call('POST', `/queues/${queue.id}/listeners`, listener)
  await visitor.open(`/queues/${queue.id}`)
  await visitor.pick('More for this queue', 'Delete the queue')
  await visitor.dialog().getByText('1 listener: its-listener').waitFor()
  await visitor.dialog().getByRole('button', { name: 'Delete the queue and all in it' }).click()
  await visitor.heading('Queues').waitFor()
  await assert.rejects(fixture.call('GET', `/queues/${queue.id}`), /404/)
})

test('an empty queue says what to do next, with a line that can be pasted', async () => {
  const { queue } = await fixture.call('POST', '/queues', { name: 'empty' })
  await visitor.open(`/queues/${queue.id}`)
  await visitor.heading('Nobody listens yet').waitFor()
  await page.getByText(`curl -s -X POST ${fixture.url}/v1/queues/${queue.id}/listeners`).waitFor()
  await visitor.button('Copy').click()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  assert.ok(copied.startsWith(`curl -s -X POST ${fixture.url}/v1/queues/${queue.id}/listeners`))
  for (const [tab, words] of [
    ['Messages', 'No message yet'],
    ['Schedules', 'Nothing is scheduled'],
  ] as const) {
    await page.getByRole('tab', { name: tab }).click()
    await visitor.heading(words).waitFor()
  }
})

test('what happens shows without reloading', async () => {
  const { queue } = await fixture.call('POST', '/queues', { name: 'watched' })
  await fixture.call('PATCH', `/queues/${queue.id}`, { paused: true })
  const listener = { name: 'one', notify_url: `${fixture.receiverUrl}/mail` }
  await fixture.call('POST', `/queues/${queue.id}/listeners`, listener)
  await visitor.open(`/queues/${queue.id}`)
  await visitor.sees('Live')
  const messages = Array.from({ length: 37 }, () => ({ data: 'x' }))
  await fixture.call('POST', `/queues/${queue.id}/messages/batch`, { messages })
  await page.locator('.figure', { hasText: 'Waiting' }).getByText('37', { exact: true }).waitFor()
})

test('nothing went wrong behind the pages', () => assertContent(visitor))
