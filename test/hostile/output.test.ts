// The program that reads what the server writes, to its log and to standard output, may go away, and a disk may be
// full. Neither is a reason to stop serving.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../torture/servers/ports.ts'
import { makeFolder } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../bin/discue.mjs', import.meta.url))
/** Every write to it fails as on a full disk. */
const FULL = '/dev/full'
const skip = existsSync(FULL) ? false : `there is no ${FULL} here`

interface Output {
  stdout: 'pipe' | 'full'
  stderr: 'pipe' | 'full'
}

async function start(t: TestContext, { stdout, stderr }: Output) {
  const folder = makeFolder()
  const port = await freePort()
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DISCUE_'))
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...Object.fromEntries(inherited),
      DISCUE_PORT: String(port),
      // So that there is something to write with each request.
      DISCUE_LOG_LEVEL: 'debug',
      DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    },
    stdio: ['ignore', ...[stdout, stderr].map((kind) => (kind === 'full' ? openSync(FULL, 'w') : 'pipe'))] as never,
  })
  t.after(() => {
    child.kill('SIGKILL')
    folder[Symbol.dispose]()
  })
  let log = ''
  child.stderr?.on('data', (text) => {
    log += String(text)
  })
  return { child, url: `http://127.0.0.1:${port}`, log: () => log }
}

/** Asks until it answers; throws where it has ended. */
async function expectReady(child: ChildProcess, url: string): Promise<void> {
  await waitFor('a server that is ready', async () => {
    assert.equal(child.exitCode, null, 'the server has ended')
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => null)
    return answer?.status === 200
  })
}

const LIMIT = { timeout: 60_000 }

test('a reader of the log that has gone stops nothing', LIMIT, async (t) => {
  const { child, url } = await start(t, { stdout: 'pipe', stderr: 'pipe' })
  child.stderr!.destroy()
  await expectReady(child, url)
})

test('a log on a full disk stops nothing', { ...LIMIT, skip }, async (t) => {
  const { child, url } = await start(t, { stdout: 'pipe', stderr: 'full' })
  await expectReady(child, url)
})

test('a root key that no one can have seen does not count as shown', { ...LIMIT, skip }, async (t) => {
  const gone = await start(t, { stdout: 'pipe', stderr: 'pipe' })
  gone.child.stdout!.destroy()
  const full = await start(t, { stdout: 'full', stderr: 'pipe' })
  for (const { child, url, log } of [gone, full]) {
    await expectReady(child, url)
    await waitFor('the line that it is ready', () => log().includes('"ready"'))
    assert.match(log(), /the root API key could not be shown/)
  }
})
