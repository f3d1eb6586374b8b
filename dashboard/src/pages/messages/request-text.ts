import { API } from '../../api/client.ts'
import type { Listener, Message } from '../../api/types.ts'
import { bodyPreview } from '../../words/body.ts'
import { bodyOf, type Draft } from './draft.ts'

/** What shows in place of everything that the server keeps to itself, or makes anew for each attempt. */
const HIDDEN = '***'

/**
 * The request of the next attempt, by the settings that the listener has now: what earlier ones sent is not kept, and may
 * have been otherwise.
 */
export function requestText(message: Message, listener: Listener, attempts: number): string {
  const { method, notify_url, headers } = listener
  const own = Object.keys(headers).map((name) => name.toLowerCase())
  const ofMessage = Object.entries(message.headers ?? {}).filter(([name]) => !own.includes(name.toLowerCase()))
  const lines = [
    `${method} ${notify_url}`,
    ...(method === 'GET' ? [] : [`content-type: ${message.content_type ?? contentTypeOf(message.data ?? '')}`]),
    `webhook-id: ${message.id}`,
    `webhook-timestamp: ${HIDDEN}`,
    `webhook-signature: v1,${HIDDEN}`,
    `discue-attempt: ${attempts + 1}`,
    ...[...ofMessage, ...Object.entries(headers)].map(([name, value]) => `${name}: ${value}`),
  ]
  return method === 'GET' ? lines.join('\n') : `${lines.join('\n')}\n\n${bodyPreview(message)}`
}

function contentTypeOf(data: string): string {
  try {
    JSON.parse(data)
    return 'application/json'
  } catch {
    return 'text/plain; charset=utf-8'
  }
}

/** A line for a shell that puts this message on its queue again; the key comes from the variable KEY. */
export function curlOf(queueId: string, draft: Draft): string {
  return [
    `curl -s -X POST ${quoted(`${API}/queues/${queueId}/messages`)}`,
    `-H "X-API-KEY: $KEY"`,
    `-H 'Content-Type: application/json'`,
    `-d ${quoted(JSON.stringify(bodyOf(draft)))}`,
  ].join(' \\\n  ')
}

/** As one word of a POSIX shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
