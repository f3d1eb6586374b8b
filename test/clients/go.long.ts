import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startServer } from '../../src/embedded.ts'
import { makeFolder } from '../support/server/server-process.ts'
import { inTime } from '../support/wait-for.ts'
import { blocksOf } from './readme-blocks.ts'

const run = promisify(execFile)
const CLIENT = fileURLToPath(new URL('../../clients/go', import.meta.url))
const minor = Number(/go1\.(\d+)/.exec(String(spawnSync('go', ['version']).stdout))?.[1] ?? 0)
const skip = minor >= 25 ? false : 'there is no Go from 1.25 on here'

/** Compiling takes minutes on a small machine. */
const PATIENCE = { timeout: 900_000, skip }

const PROGRAM = (blocks: string) => `package main

import (
	"context"
	"discue"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func run(ctx context.Context) error {
${blocks}
	return nil
}

func main() {
	if err := run(context.Background()); err != nil {
		panic(err)
	}
}
`

test('the Go client is formatted, vetted, and does what its tests and its page say', PATIENCE, async (t) => {
  await using server = await startServer({ logLevel: 'silent', targets: 'any' })
  const env = { ...process.env, DISCUE_URL: server.url, DISCUE_API_KEY: server.rootKey }
  const doing = (command: string, args: string[], cwd = CLIENT) =>
    run(command, args, { cwd, env, maxBuffer: 2 ** 26 }).catch((error) =>
      assert.fail(`${command} ${args.join(' ')}: ${error.stdout} ${error.stderr}`),
    )
  assert.equal((await doing('gofmt', ['-l', '.'])).stdout, '')
  await doing('go', ['vet', './...'])
  await doing('go', ['test', '-count=1', './...'])

  const app = makeFolder()
  t.after(() => app[Symbol.dispose]())
  await doing('go', ['mod', 'init', 'app'], app.path)
  await doing('go', ['mod', 'edit', '-require', 'discue@v0.1.0', '-replace', `discue=${CLIENT}`], app.path)
  const blocks = blocksOf(join(CLIENT, 'README.md'), 'go').replace('http://127.0.0.1:3000', server.url)
  writeFileSync(join(app.path, 'main.go'), PROGRAM(blocks))
  await doing('go', ['build', '-o', 'app', '.'], app.path)
  const secret = `whsec_${btoa('a-secret-of-24-bytes-long')}`
  const page = spawn(join(app.path, 'app'), { env: { ...env, DISCUE_SECRET: secret } })
  let output = ''
  page.stderr.on('data', (text) => (output += text))
  page.stdout.on('data', (text) => {
    output += text
    // The worker of the last block goes on until it is told to stop.
    if (output.includes('pulled {"order":3}')) page.kill('SIGTERM')
  })
  const [code] = await inTime('the end of the blocks of the page', once(page, 'exit'))
  assert.equal(code, 0, output)
  assert.match(output, /\/name/)
})
