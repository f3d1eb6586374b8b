import type { Api } from '../client/api-types.ts'
import type { Context } from '../client/context.ts'
import { plain } from '../client/show.ts'
import type { Finding } from './finding.ts'

/** Checks on their way at once; the server bounds them as well. */
const AT_ONCE = 4
/** The longest that a listener may be given to answer, and a little more. */
const TIMEOUT_MS = 330_000

/** What to do where a phase of a check failed. */
const ADVICE: Record<string, string> = {
  token: 'look at its token URL, client id and secret',
  resolve: 'look at the name, and at the name servers that DISCUE_DNS_SERVERS or /etc/resolv.conf names',
  target: 'allow the address by DISCUE_TARGETS, or change the URL',
  connect: 'start the receiver, and let the server through to its port',
  tls: 'look at its certificate: its chain, its name, and until when it is valid',
  send: 'look at the log of the receiver; it must answer 2xx to a test message',
}

interface Place {
  id: string
  name: string
}

/** Sends each listener a signed test message, a few at a time; in the order of the listing. */
export async function listenerFindings({ api }: Context, most: number): Promise<Finding[]> {
  const queues = new Map<string, Place>()
  for await (const { id, name, listeners } of api.all<Api.Queue>('/queues', 'queues')) {
    for (const listener of listeners) queues.set(listener.id, { id, name })
  }
  const listeners: Api.Listener[] = []
  let isMore = false
  for await (const listener of api.all<Api.Listener>('/listeners', 'listeners')) {
    isMore = listeners.length === most
    if (isMore) break
    listeners.push(listener)
  }
  const findings: Finding[] = []
  for (let at = 0; at < listeners.length; at += AT_ONCE) {
    const some = listeners.slice(at, at + AT_ONCE)
    findings.push(...(await Promise.all(some.map((it) => findingOf({ api }, it, queues.get(it.id))))))
  }
  if (listeners.length === 0) findings.push({ verdict: 'ok', check: 'listeners', found: 'there are none yet' })
  const more = `more than ${most}; the rest was not asked`
  if (isMore) findings.push({ verdict: 'warn', check: 'listeners', found: more, advice: 'ask more with --listeners' })
  return findings
}

async function findingOf(
  { api }: Pick<Context, 'api'>,
  listener: Api.Listener,
  queue: Place | undefined,
): Promise<Finding> {
  const check = 'listener'
  // The key sees the listener and not its queue, or it was made a moment ago.
  if (queue === undefined) {
    return { verdict: 'warn', check, found: `the queue of ${plain(listener.name)} is not known`, advice: 'ask again' }
  }
  const name = `${plain(queue.name)} / ${plain(listener.name)}`
  if (!listener.notify_url) {
    return { verdict: 'ok', check, found: `${name} pulls` }
  }
  if (listener.status === 'disabled') {
    const advice = 'discue listeners enable, where that was not on purpose'
    return { verdict: 'warn', check, found: `${name} is disabled`, advice }
  }
  const path = `/queues/${queue.id}/listeners/${listener.id}/check`
  try {
    const ask = { body: {}, timeoutMs: TIMEOUT_MS }
    const { check: report } = await api.call<Api.CheckListenerResult>('POST', path, ask)
    if (report.passed) return { verdict: 'ok', check, found: `${name} answered ${report.status}` }
    const failed = report.phases.find(({ verdict }) => verdict === 'failed')
    const why = failed?.message ?? failed?.error ?? `answered ${report.status}`
    const found = `${name}: ${failed?.name ?? 'send'} failed: ${plain(why)}`
    return { verdict: 'bad', check, found, advice: ADVICE[failed?.name ?? 'send'] ?? ADVICE.send! }
  } catch (error) {
    const found = `${name} could not be checked: ${(error as Error).message}`
    return { verdict: 'bad', check, found, advice: 'the key needs listeners:write' }
  }
}
