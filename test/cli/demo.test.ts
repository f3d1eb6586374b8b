import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { answerOf, DEMO_QUEUES, demoMessage, MANNERS } from '../../src/cli/demo/demo-queues.ts'
import { createClient } from '../support/server/client.ts'
import { runCommand, startCommand } from '../support/server/command.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

test('the demo has listeners of every manner, and messages that fit their queues', () => {
  const manners = new Set(DEMO_QUEUES.flatMap(({ listeners }) => listeners.map(({ manner }) => manner)))
  for (const manner of [...MANNERS, 'away', null] as const) assert.ok(manners.has(manner), String(manner))
  for (const { name } of DEMO_QUEUES) {
    for (const random of [() => 0, () => 0.5, () => 0.999]) {
      const { data } = demoMessage(name, 1, random)
      assert.equal(typeof JSON.parse(String(data)), 'object')
      for (const manner of MANNERS) assert.ok(answerOf(manner, random).status >= 200)
    }
  }
})

test('a demo fills the server, keeps messages flowing, and is gone without a trace when it is interrupted', async (t) => {
  const folder = makeFolder()
  const server = await startServerProcess({
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
  })
  t.after(async () => {
    await server.end('SIGTERM')
    folder[Symbol.dispose]()
  })
  const client = createClient(() => server.url)
  const command = startCommand(['demo'], { url: server.url })
  const names = async (path: string, noun: string) =>
    (await client.call('GET', path)).body[noun].map(({ name }: { name: string }) => name)
  const counts = async () => {
    const { body } = await client.call('GET', '/stats/messages')
    return body.aggregated_api_usage_events.last_1_hours
  }
  let last: Record<string, number> = {}
  let schedules: string[] = []
  const look = async () => {
    last = await counts()
    schedules = await names('/schedules', 'schedules')
  }
  for (const type of ['message_added', 'message_published_ok', 'message_published_not_ok']) {
    const arrived = async () => {
      await look()
      return last[type] ?? 0
    }
    await waitFor(type, arrived, 1, { everyMs: 100 })
  }
  assert.deepEqual((await names('/queues', 'queues')).toSorted(), DEMO_QUEUES.map(({ name }) => name).toSorted())
  assert.equal(schedules.length, DEMO_QUEUES.flatMap(({ schedules: of = [] }) => of).length)
  const second = await runCommand(['demo'], { url: server.url })
  assert.equal(second.code, 1)
  assert.match(second.stderr, /the queue demo\/\S+ is there already/)
  command.signal('SIGINT')
  assert.equal(await command.ended, 0, command.output.stderr)
  assert.match(command.output.stdout, /^\d+ messages were posted, \d+ requests came to the listeners\n$/)
  assert.deepEqual(await names('/queues', 'queues'), [])
})

test('a time that is none is refused before anything is made', async () => {
  for (const minutes of ['0', 'x', '-1', '1441']) {
    const { code, stderr } = await runCommand(['demo', `--minutes=${minutes}`], { url: 'http://127.0.0.1:9' })
    assert.equal(code, 2)
    assert.match(stderr, /--minutes must be a number above 0, up to 1440/)
  }
})
