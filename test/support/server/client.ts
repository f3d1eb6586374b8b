import { TEST_ROOT_KEY } from './server-process.ts'

/** Speaks to a running server as a user would. */
export interface Client {
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Json }>
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests, each with its own idea of them
type Json = any

export function createClient(baseUrl: () => string, key = TEST_ROOT_KEY): Client {
  return {
    async call(method, path, body) {
      const headers: Record<string, string> = { 'x-api-key': key }
      if (body !== undefined) headers['content-type'] = 'application/json'
      const init = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) }
      const response = await fetch(`${baseUrl()}/v1${path}`, init)
      return { status: response.status, body: await response.json() }
    },
  }
}
