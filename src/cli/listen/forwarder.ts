import type { Outcome } from '../../core/delivery/attempt.ts'
import { SigningKey, sign } from '../../core/delivery/signature.ts'
import { type Body, bodyOf, sentBody, sentType } from '../../core/message/body.ts'
import { ANY_TARGET } from '../../core/network/target.ts'
import { createSender } from '../../engine/client/sender.ts'
import type { Runtime } from '../../runtime.ts'
import { VERSION } from '../../version.ts'

/** A message that was pulled, and which attempt this is. */
export interface PulledMessage {
  id: string
  name?: string
  data?: string
  data_base64?: string
  content_type?: string
  headers?: Readonly<Record<string, string>>
  receipt: string
  attempt: number
}

/** Hands messages to a local address, just as the server hands them to a listener. */
export interface Forwarder {
  /** `aborted`: the process was told to stop, and cannot know what the receiver made of the message. */
  forward(message: PulledMessage): Promise<Outcome | 'aborted'>
  abort(): void
  close(): Promise<void>
}

/** First sendings that are remembered; older ones are told as of this attempt. */
const REMEMBERED = 10_000

/** Signs with the listener's secret, and waits for an answer at most `timeoutMs`. */
export function createForwarder(
  runtime: Runtime,
  to: { url: string; queueId: string; listener: { id: string; secret: string }; timeoutMs: number },
): Forwarder {
  const sender = createSender(runtime, ANY_TARGET, { egress: null })
  const { origin, pathname, search } = new URL(to.url)
  const keys = [new SigningKey(to.listener.secret)]
  const firstSent = new Map<string, number>()

  function firstSentAt(id: string, now: number): number {
    const at = firstSent.get(id) ?? now
    if (firstSent.size >= REMEMBERED) firstSent.delete(firstSent.keys().next().value!)
    firstSent.set(id, at)
    return at
  }

  /** In the order and with the names of the server's own deliveries. */
  function headersOf({ id, headers, attempt, ...given }: PulledMessage, now: number): string[] {
    const timestamp = Math.floor(now / 1000)
    const body = storedBody(given)
    return Object.entries({
      'content-type': sentType(body),
      'user-agent': `discue/${VERSION}`,
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': sign(keys, { id, timestamp, body: sentBody(body) }),
      'discue-queue': to.queueId,
      'discue-listener': to.listener.id,
      'discue-attempt': String(attempt),
      'discue-first-sent-at': String(firstSentAt(id, now)),
      ...headers,
    }).flat()
  }

  return {
    forward(message) {
      const now = runtime.now()
      const request = {
        method: 'POST' as const,
        origin,
        path: pathname + search,
        timeoutMs: to.timeoutMs,
        startedAt: now,
      }
      return sender.send({ ...request, headers: headersOf(message, now), body: sentBody(storedBody(message)) })
    },
    abort: () => sender.abort(),
    close: () => sender.close(),
  }
}

/** The body as the server stores it. */
function storedBody(message: Pick<PulledMessage, 'data' | 'data_base64' | 'content_type'>): Body {
  const { data, data_base64: dataBase64, content_type: contentType } = message
  return bodyOf({ data, dataBase64, contentType })
}
