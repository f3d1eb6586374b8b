import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { AttemptError } from '../../src/core/delivery/attempt.ts'
import { problems } from '../../src/core/problem.ts'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../docs/${path}`, import.meta.url)), 'utf8')

/** Every one, or this does not compile; those of listeners that pull are explained where pulling is. */
const ATTEMPT_ERRORS: Record<AttemptError, boolean> = {
  blocked_by_proxy: true,
  blocked_target: true,
  secret_unreadable: true,
  auth: true,
  proxy: true,
  lease_expired: false,
  returned: false,
  timeout: true,
  connection_refused: true,
  connection_reset: true,
  connection_failed: true,
  dns: true,
  tls: true,
  invalid_response: true,
  response_too_large: true,
}

test('the page of errors has every problem by the words in which the server tells it', () => {
  const page = read('reference/errors.md')
  const missing = Object.values(problems).filter(({ detail }) => !page.includes(detail))
  assert.deepEqual(missing, [])
  const statuses = new Set(Object.values(problems).map(({ status }) => String(status)))
  const headings = page.split('\n').filter((line) => line.startsWith('## '))
  for (const status of statuses)
    assert.ok(
      headings.some((heading) => heading.includes(status)),
      `a heading for ${status}`,
    )
})

test('the pages about deliveries have every error of an attempt', () => {
  const [reference, troubleshooting] = [read('reference/delivery.md'), read('guides/troubleshooting.md')]
  for (const [error, isPushed] of Object.entries(ATTEMPT_ERRORS)) {
    assert.ok(reference.includes(`\`${error}\``), `${error} in reference/delivery.md`)
    if (isPushed) assert.ok(troubleshooting.includes(`\`${error}\``), `${error} in guides/troubleshooting.md`)
  }
})
