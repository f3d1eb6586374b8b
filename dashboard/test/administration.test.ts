import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const fixture = await sharedFixture()
const visitor = await arrive(fixture)
const { page } = visitor

test('a key is made with just the scopes that were picked, and works', async () => {
  await visitor.open('/api-keys')
  await visitor.button('New key').click()
  const dialog = visitor.dialog()
  await dialog.getByLabel('Name').fill('poster')
  await dialog.getByLabel('Messages').selectOption('write')
  await dialog.getByLabel('Of which queue').selectOption(fixture.ids.orders!)
  await dialog.getByRole('button', { name: 'Make the key' }).click()
  const key = await dialog.locator('pre').textContent()
  assert.match(key ?? '', /^[A-Za-z0-9_-]{64}$/)
  await visitor.button('I have copied it').click()
  await fixture.call(
    'POST',
    `/queues/${fixture.ids.orders}/messages`,
    { data: '{"order":1,"customer":"c-1","total":1}' },
    key!,
  )
  await assert.rejects(fixture.call('POST', `/queues/${fixture.ids.telemetry}/messages`, { data: 'x' }, key!), /403/)
})

test('a key is disabled, enabled and deleted', async () => {
  const { api_key: key } = await fixture.call('POST', '/api_keys', { name: 'toggled' })
  await visitor.open('/api-keys')
  const row = page.getByRole('row', { name: /toggled/ })
  await visitor.pick('Actions for toggled', 'Disable')
  await row.getByText('disabled').waitFor()
  await assert.rejects(fixture.call('GET', '/queues', undefined, key), /401/)
  await visitor.pick('Actions for toggled', 'Enable')
  await row.getByText('enabled').waitFor()
  await visitor.pick('Actions for toggled', 'Delete')
  await visitor.button('Delete the key').click()
  await row.waitFor({ state: 'detached' })
})

test("the organization's last owner key stays, and the server's reason is shown", async () => {
  await visitor.open('/api-keys')
  await visitor.pick('Actions for root', 'Disable')
  await visitor.sees(/last enabled owner key must stay enabled/)
})

test('an organization is made, limited, frozen and deleted', async () => {
  await visitor.open('/organizations')
  await visitor.button('New organization').click()
  const dialog = visitor.dialog()
  await dialog.getByLabel('Name').fill('example.com/new')
  await dialog.getByLabel('Queues').fill('3')
  await dialog.getByRole('button', { name: 'Make the organization' }).click()
  const key = (await dialog.locator('pre').textContent()) ?? ''
  await visitor.button('I have copied it').click()
  await fixture.call('POST', '/queues', { name: 'theirs' }, key)
  const row = page.getByRole('row', { name: /example\.com\/new/ })
  await row.getByText('queues 3').waitFor()
  await visitor.pick('Actions for example.com/new', 'Name and limits')
  await dialog.getByLabel('Queues').fill('1')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await row.getByText('queues 1').waitFor()
  await assert.rejects(fixture.call('POST', '/queues', { name: 'too-many' }, key), /402/)
  await visitor.pick('Actions for example.com/new', 'Freeze')
  await row.getByText('frozen').waitFor()
  await visitor.pick('Actions for example.com/new', 'Delete')
  await visitor.button('Delete the organization and all in it').click()
  await row.waitFor({ state: 'detached' })
  await assert.rejects(fixture.call('GET', '/queues', undefined, key), /401/)
})

test('a domain is named, tells its file, is looked for in vain, moved and deleted', async () => {
  await visitor.open('/domains')
  await visitor.sees('No domain is named yet')
  await visitor.button('New domain').click()
  const dialog = visitor.dialog()
  await dialog.getByLabel('Name').fill('shop')
  await dialog.getByLabel('Host').fill('http://shop')
  await dialog.getByRole('button', { name: 'Name the domain' }).click()
  await dialog.locator('.fault').first().waitFor()
  await dialog.getByLabel('Host').fill('127.0.0.1')
  await dialog.getByLabel('Port').fill('1')
  await dialog.getByRole('button', { name: 'Name the domain' }).click()
  const { https } = (await fixture.call('GET', '/domains?_embed'))._embedded.domains[0]
  await dialog.getByText(`https://127.0.0.1:1/${https.context_path}/${https.file_name}`).waitFor()
  await dialog.getByText(https.file_content).waitFor()
  await dialog.getByRole('button', { name: 'Look for it now' }).click()
  await dialog.getByRole('alert').getByText('/hostname').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await visitor.pick('Actions for shop', 'Edit')
  await dialog.getByLabel('Host').fill('shop.example.com')
  await dialog.getByLabel('Port').fill('443')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByRole('button', { name: 'Close' }).click()
  const row = page.getByRole('row', { name: /shop\.example\.com/ })
  await row.getByText('pending').waitFor()
  await visitor.pick('Actions for shop', 'Delete')
  await visitor.button('Delete the domain').click()
  await visitor.sees('No domain is named yet')
})

test('while a schedule is typed, the page says in words when it would run, or beside the field what is wrong', async () => {
  await visitor.open(`/queues/${fixture.ids['search-index']}/schedules`)
  await visitor.button('New schedule').click()
  const dialog = visitor.dialog()
  const said = dialog.getByRole('status')
  await dialog.getByLabel('Time zone').fill('Asia/Tokyo')
  await dialog.getByLabel('Cron').fill('0 9 * * FRI#2')
  await said.getByText('At 09:00 on the 2nd Friday of the month.').waitFor()
  await said
    .getByText(/^Fri.* 09:00:00 Asia\/Tokyo$/)
    .nth(4)
    .waitFor()
  await dialog.getByLabel('Cron').fill('0 9 * * FRI#6')
  await dialog.locator('.fault', { hasText: '"FRI#6" as its day of week' }).waitFor()
  assert.equal((await said.innerText()).trim(), '')
  await dialog.getByLabel('Runs').selectOption('period')
  await dialog.getByLabel('Every', { exact: true }).fill('P2W')
  await dialog.getByLabel('First at, in your own time (optional)').fill('2090-01-31T09:00')
  await said.getByText('Every 2 weeks, counted from 31 January 2090 at 17:00 in Asia/Tokyo.').waitFor()
  await dialog.getByLabel('Every', { exact: true }).fill('PT2W')
  await dialog.locator('.fault', { hasText: 'in milliseconds' }).waitFor()
  await dialog.getByLabel('Runs').selectOption('every')
  await dialog.getByLabel('Every so many seconds').fill('90')
  await said.getByText('Every 1 minute and 30 seconds, counted from its creation.').waitFor()
  await dialog.getByLabel('Runs').selectOption('at')
  await dialog.getByLabel('At, in your own time').fill('2001-01-01T00:00')
  await dialog.locator('.fault', { hasText: 'is over' }).waitFor()
  await page.keyboard.press('Escape')
})

test('of answers that come in another order the one to what was typed last stays', async () => {
  await visitor.open(`/queues/${fixture.ids['search-index']}/schedules`)
  await visitor.button('New schedule').click()
  let held: (() => void) | null = null
  const isHeld = new Promise<void>((resolve) => {
    void page.route('**/schedules/preview', async (route) => {
      if (!route.request().postData()?.includes('11 4')) return route.continue()
      resolve()
      await new Promise<void>((release) => {
        held = release
      })
      // Given up by the page in the meantime, which is as good as an answer that comes too late.
      await route.continue().catch(() => undefined)
    })
  })
  const said = visitor.dialog().getByRole('status')
  await visitor.dialog().getByLabel('Cron').fill('11 4 * * *')
  await isHeld
  await visitor.dialog().getByLabel('Cron').fill('22 4 * * *')
  await said.getByText('At 04:22 every day.').waitFor()
  held!()
  await page.unroute('**/schedules/preview')
  await visitor.dialog().getByLabel('Cron').fill('33 4 * * *')
  await said.getByText('At 04:33 every day.').waitFor()
  await page.keyboard.press('Escape')
})

test('a schedule is made, run now, paused, changed and deleted', async () => {
  await visitor.open(`/queues/${fixture.ids['search-index']}/schedules`)
  await visitor.button('New schedule').click()
  const dialog = visitor.dialog()
  await dialog.getByLabel('Name', { exact: true }).fill('nightly')
  await dialog.getByLabel('Cron').fill('61 * * * *')
  await dialog.getByRole('button', { name: 'Create the schedule' }).click()
  await dialog.locator('.fault').first().waitFor()
  await dialog.getByLabel('Cron').fill('30 4 * * *')
  await dialog.getByLabel('Time zone').fill('Asia/Tokyo')
  await dialog.getByRole('button', { name: 'Create the schedule' }).click()
  await visitor.heading('nightly').waitFor()
  await visitor.sees('At 04:30 every day.')
  await page
    .getByText(/Asia\/Tokyo · for you .*Europe\/Berlin/)
    .first()
    .waitFor()
  await visitor.button('Pause').click()
  await visitor.button('Resume').click()
  await visitor.button('Run now').click()
  await visitor.heading('Message').waitFor()
  await page.goBack()
  await visitor.heading('nightly').waitFor()
  await visitor.pick('More for this schedule', 'Edit')
  await dialog.getByLabel('Runs').selectOption('every')
  await dialog.getByLabel('Every so many seconds').fill('1')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('every 1 s').waitFor()
  const history = page.getByRole('region', { name: 'History' })
  await history.getByRole('link').first().waitFor()
  await visitor.open('/schedules')
  await page.getByRole('link', { name: 'nightly' }).click()
  await visitor.pick('More for this schedule', 'Delete')
  await visitor.button('Delete the schedule').click()
  await page.getByRole('tab', { name: 'Schedules', selected: true }).waitFor()
})

test('a schedule is created where all are listed, for a queue that is chosen, with all that its messages say', async () => {
  await visitor.open('/schedules')
  await visitor.button('New schedule').click()
  const dialog = visitor.dialog()
  await dialog.getByLabel('Queue').selectOption('partner-feed')
  await dialog.getByLabel('Name', { exact: true }).fill('short-lived')
  await dialog.getByLabel('Runs').selectOption('period')
  await dialog.getByLabel('Every').fill('P2W')
  await dialog.getByText(/every 2 weeks/i).waitFor()
  await dialog.getByLabel('Name of each message').fill('tick')
  await dialog.getByLabel('Key of each message').fill('clock')
  await dialog.getByLabel('Each message expires after').fill('1 h 30 min')
  await dialog.getByLabel('Headers of each message').fill('host: elsewhere')
  await dialog.getByLabel('While the message before is pending').selectOption('skip')
  await dialog.getByLabel('Jitter in seconds').fill('90')
  await dialog.getByRole('button', { name: 'Create the schedule' }).click()
  await dialog.getByText(/host/).last().waitFor()
  await dialog.getByLabel('Headers of each message').fill('x-kind: tick')
  await dialog.getByRole('button', { name: 'Create the schedule' }).click()
  await visitor.heading('short-lived').waitFor()
  await visitor.sees('1 h 30 min after it is due')
  const path = `/queues/${fixture.ids['partner-feed']}/schedules`
  const [made] = (await fixture.call('GET', `${path}?_embed`))._embedded.schedules.filter(
    ({ name }: { name: string }) => name === 'short-lived',
  )
  assert.deepEqual(
    [made.every, made.message_name, made.key, made.headers],
    ['P2W', 'tick', 'clock', { 'x-kind': 'tick' }],
  )
  assert.deepEqual([made.expires_in, made.overlap, made.jitter], [5_400_000, 'skip', 90_000])
  await visitor.pick('More for this schedule', 'Edit')
  assert.equal(await dialog.getByLabel('Each message expires after').inputValue(), '1 h 30 min')
  await dialog.getByLabel('Each message expires after').fill('')
  await dialog.getByLabel('Headers of each message').fill('')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  const changed = (await fixture.call('GET', `${path}/${made.id}`)).schedule
  assert.deepEqual([changed.expires_in, changed.headers], [null, null])
  await fixture.call('DELETE', `${path}/${made.id}`)
})

test('the ledger balances', async () => {
  await visitor.open('/ledger')
  await visitor.sees('The ledger balances')
  await page
    .getByRole('row', { name: /orders/ })
    .first()
    .waitFor()
})

test('a feature that the server lacks does not break the page', async () => {
  for (const status of [404, 501]) {
    const answer = { title: 'Missing', status, detail: 'not here' }
    for (const path of ['ledger', 'schedules', 'events/stream', 'stats/messages', 'domains']) {
      await page.route(`**/v1/**${path}*`, (route) =>
        route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(answer) }),
      )
    }
    await page.reload()
    await visitor.open('/ledger')
    await visitor.sees(status === 404 ? 'There is no trace of the ledger' : 'This server does not have the ledger')
    assert.equal(await page.getByRole('link', { name: 'Domains' }).count(), 0)
    await visitor.open('/schedules')
    await visitor.sees(/There is no trace of schedules|This server does not have schedules/)
    await visitor.open('/')
    await visitor.sees('Not live')
    await page.getByRole('link', { name: 'partner-feed → partner' }).waitFor()
    await page.unrouteAll()
  }
})

test('nothing went wrong behind the pages', () => assertContent(visitor))
