import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createClient } from '../support/server/client.ts'
import { runCommand } from '../support/server/command.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const MAIN = fileURLToPath(new URL('../../bin/discue.mjs', import.meta.url))
const folder = makeFolder()
let server: ServerProcess

before(async () => {
  const url = `sqlite:${join(folder.path, 'discue.db')}`
  server = await startServerProcess({ DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
  for (const name of ['orders', 'invoices']) await createClient(() => server.url).call('POST', '/queues', { name })
  writeFileSync(join(folder.path, 'discue'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
  chmodSync(join(folder.path, 'discue'), 0o755)
})
after(async () => {
  await server.end('SIGTERM')
  folder[Symbol.dispose]()
})

/** What the shell prints for a program of its own that has it complete a line. */
async function completed(shell: string, program: (script: string) => string): Promise<string[]> {
  const script = (await runCommand(['completion', shell])).stdout
  const env = {
    ...process.env,
    PATH: `${folder.path}:${process.env.PATH}`,
    DISCUE_URL: server.url,
    DISCUE_API_KEY: TEST_ROOT_KEY,
  }
  const args = shell === 'fish' ? ['--no-config', '-c'] : ['-c']
  const { stdout, stderr, status } = spawnSync(shell, [...args, program(script)], { encoding: 'utf8', env })
  assert.equal(status, 0, stderr)
  return stdout.split('\n').filter(Boolean)
}

const lacks = (shell: string) => (spawnSync(shell, ['-c', 'true']).status === 0 ? false : `there is no ${shell} here`)

describe('the shell completes', () => {
  test('in bash', { skip: lacks('bash') }, async () => {
    const ask =
      (...words: string[]) =>
      (script: string) =>
        `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _discue; printf '%s\\n' "\${COMPREPLY[@]}"`
    assert.deepEqual(await completed('bash', ask('discue', 'que')), ['queues'])
    assert.deepEqual(await completed('bash', ask('discue', 'send', 'o')), ['orders'])
    assert.ok((await completed('bash', ask('discue', 'queues', ''))).includes('pause'))
  })

  test('in zsh', { skip: lacks('zsh') }, async () => {
    // Outside of a line editor there is no completion: what it would be given is printed instead.
    const ask =
      (...words: string[]) =>
      (script: string) =>
        `compdef() { :; }; compadd() { print -l -- \${(P)2}; }\n${script}\nwords=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _discue`
    assert.deepEqual(await completed('zsh', ask('discue', 'send', 'o')), ['orders'])
    assert.ok((await completed('zsh', ask('discue', 'queues', ''))).includes('pause'))
  })

  test('in fish', { skip: lacks('fish') }, async () => {
    const ask = (line: string) => (script: string) => `${script}\ncomplete -C '${line}'`
    assert.deepEqual(await completed('fish', ask('discue send o')), ['orders'])
    assert.ok((await completed('fish', ask('discue queues p'))).includes('pause'))
  })
})
