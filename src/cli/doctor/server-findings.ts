import { VERSION } from '../../version.ts'
import type { Context } from '../client/context.ts'
import { clockFinding, type Finding, versionFinding } from './finding.ts'

const TIMEOUT_MS = 10_000

/** Whether the server answers, can write, has the time and the version of this command, and takes the key. */
export async function serverFindings({
  api,
  runtime,
  key,
}: Pick<Context, 'api' | 'runtime'> & { key: string | null }): Promise<Finding[]> {
  const ready = await ask(`${api.url}/health/ready`)
  if (ready === null) {
    const advice = 'start it, or see DISCUE_URL'
    return [{ verdict: 'bad', check: 'server', found: `nothing answers at ${api.url}`, advice }]
  }
  const date = Date.parse(ready.headers.get('date') ?? '')
  const clock = clockFinding(runtime.now(), Number.isNaN(date) ? null : date)
  return [readyFinding(api.url, ready, await ready.text()), clock, await ofVersion(api.url, key), await ofKey({ api })]
}

function readyFinding(url: string, { ok, status }: Response, text: string): Finding {
  const check = 'server'
  if (ok) return { verdict: 'ok', check, found: `${url} is ready, and its store can be written` }
  const said = text.slice(0, 300).replace(/\s+/g, ' ')
  return { verdict: 'bad', check, found: `${url} answers ${status}: ${said}`, advice: 'see the log of the server' }
}

async function ofVersion(url: string, key: string | null): Promise<Finding> {
  const answer = await ask(`${url}/metrics`, key === null ? {} : { 'x-api-key': key })
  const text = answer?.ok ? await answer.text() : ''
  return versionFinding(VERSION, /^discue_build_info\{version="([^"]+)"\}/m.exec(text)?.[1] ?? null)
}

async function ofKey({ api }: Pick<Context, 'api'>): Promise<Finding> {
  const check = 'API key'
  try {
    await api.call('GET', '/queues', { query: { per_page: 1 } })
    return { verdict: 'ok', check, found: 'it is taken' }
  } catch (error) {
    const advice = 'set DISCUE_API_KEY to a key of this server that may read queues'
    return { verdict: 'bad', check, found: (error as Error).message, advice }
  }
}

/** Null where nothing answers in time. */
async function ask(url: string, headers: Record<string, string> = {}): Promise<Response | null> {
  return fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' }).catch(() => null)
}
