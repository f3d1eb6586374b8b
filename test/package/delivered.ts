import assert from 'node:assert/strict'
import { startReceiver } from '../support/server/receiver.ts'

/** What a stranger does first: a queue, a listener, a message, which must arrive; then the pages beside the API. */
export async function expectAMessageToArrive({ url, rootKey }: { url: string; rootKey: string }): Promise<void> {
  const receiver = await startReceiver()
  const post = async (path: string, body: object) => {
    const headers = { 'x-api-key': rootKey, 'content-type': 'application/json' }
    const response = await fetch(`${url}/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    assert.equal(response.status, 200, `POST ${path}`)
    return (await response.json()) as { queue: { id: string } }
  }
  const { queue } = await post('/queues', { name: `first-${crypto.randomUUID()}` })
  await post(`/queues/${queue.id}/listeners`, { name: 'shop', notify_url: `${receiver.url}/orders` })
  await post(`/queues/${queue.id}/messages`, { data: '{"order":1}' })
  await receiver.until(1)
  assert.equal(receiver.received[0]!.body, '{"order":1}')
  for (const [path, text] of PAGES) {
    const response = await fetch(`${url}${path}`, { headers: { accept: '*/*' } })
    assert.equal(response.status, 200, path)
    assert.match(await response.text(), text, path)
  }
  await receiver.close()
}

const PAGES: readonly (readonly [path: string, text: RegExp])[] = [
  ['/', /<div id="root">/],
  ['/reference', /<!doctype html>/i],
  ['/openapi.json', /"openapi"/],
  ['/health/ready', /ready|ok/i],
]
