import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCommand } from '../support/server/command.ts'

/** So that both are cheap on a busy machine: a campaign without a fault, and command lines that start none. */
test('a campaign says its seed, what it did and that nothing was wrong, and ends with 0', async () => {
  const command = startCommand(['torture', '--seed', '5', '--faults', '0'])
  const code = await command.ended
  assert.equal(code, 0, command.output.stderr)
  assert.match(command.output.stdout, /^seed 5\n1 campaign, 0 faults: none\nmessages: \d+ accepted/)
  assert.match(command.output.stdout, /\n0 violations\n$/)
})

test('a command line that is wrong is one line, and starts nothing', async () => {
  const wrong: [string[], RegExp][] = [
    [['--seed', 'seven'], /--seed <number>.* must be a whole number from 0 to 2147483648/],
    [['--store', 'mysql'], /--store <store>.* Allowed choices are sqlite, postgres/],
    [['--only', 'flood'], /--only <fault...>.* Allowed choices are kill, kill in start, /],
    [['--nodes', '2'], /on SQLite there is one server: leave --nodes out/],
  ]
  for (const [args, text] of wrong) {
    const command = startCommand(['torture', ...args])
    assert.equal(await command.ended, 2)
    assert.match(command.output.stderr, text)
    assert.equal(command.output.stdout, '')
  }
})
