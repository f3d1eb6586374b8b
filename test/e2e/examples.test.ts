import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

/**
 * The examples that the API's documentation prints for its clients: a client that was written by them must work here
 * with another address and another key, and nothing else. Each is followed by a line that shows what it got.
 */
const curl = `curl -X GET http://api.discue.io/v1/api_keys \\
  -H 'Accept: application/json' \\
  -H 'X-API-KEY: API_KEY'`

const javascript = `const headers = {
  'Accept':'application/json',
  'X-API-KEY':'API_KEY'
}

const response = await fetch('http://api.discue.io/v1/api_keys', {
  method: 'GET',  headers
})

const body = await response.json()
console.log(JSON.stringify(body))`

const python = `import requests
headers = {
  'Accept': 'application/json',
  'X-API-KEY': 'API_KEY'
}

r = requests.get('http://api.discue.io/v1/api_keys', headers = headers)
print(r.text)`

/**
 * As it is printed this one does not compile: \`jsonReq\` is defined nowhere, and \`resp\` and \`err\` are not used.
 * So it gets a \`jsonReq\` (one byte: a body without a type on a GET, which the server must pass over), and its answer
 * is read.
 */
const go = `package main

import (
  "bytes"
  "io"
  "net/http"
  "os"
)

const jsonReq = '0'

func main() {

  headers := map[string][]string{
      "Accept": []string{"application/json"},
      "X-API-KEY": []string{"API_KEY"},
  }

  data := bytes.NewBuffer([]byte{jsonReq})
  req, err := http.NewRequest("GET", "http://api.discue.io/v1/api_keys", data)
  req.Header = headers

  client := &http.Client{}
  resp, err := client.Do(req)
  if err != nil {
    panic(err)
  }
  io.Copy(os.Stdout, resp.Body)
}
`

let server: ServerProcess
const folder = makeFolder()
after(() => folder[Symbol.dispose]())

function run(command: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: 'utf8', cwd: folder.path, timeout: 300_000 })
}

/** Why an example cannot run here, or false. */
function lacking(what: string, command: string, ...args: string[]): string | false {
  return run(command, ...args).status === 0 ? false : `there is no ${what} here`
}

/** The example for this server, with the key that it asks for. */
function adapted(example: string): string {
  return example.replace('http://api.discue.io', server.url).replace('API_KEY', TEST_ROOT_KEY)
}

function written(name: string, example: string): string {
  const path = join(folder.path, name)
  writeFileSync(path, adapted(example))
  return path
}

async function expectListing({ status, stdout, stderr }: SpawnSyncReturns<string>): Promise<void> {
  assert.equal(status, 0, stderr)
  const { body } = await createClient(() => server.url).call('GET', '/api_keys')
  assert.deepEqual(JSON.parse(stdout), body)
  assert.equal(body.api_keys.length, 1)
}

describe('a client that follows the printed examples gets the listing', () => {
  before(async () => {
    const url = `sqlite:${join(folder.path, 'discue.db')}`
    server = await startServerProcess({ DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
  })
  after(() => server.end('SIGTERM'))

  test('with curl', { skip: lacking('curl', 'curl', '--version') }, () =>
    expectListing(run('sh', '-c', `${adapted(curl)} --silent`)),
  )

  test('with fetch of JavaScript', () => expectListing(run(process.execPath, written('example.mjs', javascript))))

  test('with requests of Python', { skip: lacking('Python with requests', 'python3', '-c', 'import requests') }, () =>
    expectListing(run('python3', written('example.py', python))),
  )

  test('with net/http of Go', { skip: lacking('Go', 'go', 'version') }, () =>
    expectListing(run('go', 'run', written('example.go', go))),
  )
})
