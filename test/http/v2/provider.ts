import assert from 'node:assert/strict'
import type { ApiOptions, Json, TestApi } from '../../support/server/api.ts'
import { OWNER_KEY, startApi } from '../../support/server/api.ts'

/** What speaks to version 2 as the Terraform provider does. */
export interface Provider {
  api: TestApi
  /** The resource that the answer wraps. Fails for any status but 200, as the provider does. */
  send(method: string, path: string, wrappedIn: string, body?: object): Promise<Json>
  /** For requests that are refused. */
  status(method: string, path: string, body?: object): Promise<{ status: number; body: Json }>
}

/** Every request has all three headers, whether it has a body or not. */
export async function startProvider(options: ApiOptions = {}): Promise<Provider> {
  const api = await startApi(options)
  const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json', accept: 'application/json' }
  async function status(method: string, path: string, body?: object) {
    const payload = body && JSON.stringify(body)
    const response = await api.inject({ method: method as 'GET', url: `/v2${path}`, headers, payload })
    return { status: response.statusCode, body: response.json() }
  }
  async function send(method: string, path: string, wrappedIn: string, body?: object) {
    const answer = await status(method, path, body)
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    const resource = answer.body[wrappedIn]
    assert.ok(typeof resource === 'object' && resource !== null, `${method} ${path} answers no ${wrappedIn}`)
    return resource
  }
  return { api, send, status }
}
