import type { RequestPreview, ShownRequest } from '../../app/deps.ts'
import type { LeasedDelivery } from '../../core/delivery/delivery.ts'
import type { SecretBox } from '../../core/tenant/secret-box.ts'
import { deliveryRequest, targetOf } from './delivery-request.ts'

/** What stands for a value that answers never show. */
const HIDDEN = '***'
/** No lease has this number: the delivery is none. */
const NO_LEASE = 0

/** Shows requests by the very function that makes those of deliveries. */
export function createRequestPreview(deps: { secretBox: SecretBox; userAgent: string }): RequestPreview {
  return {
    first(listener, message, now) {
      const target = targetOf(listener, deps.secretBox)
      const delivery: LeasedDelivery = {
        ...{ listenerId: listener.id, message: { ...message, sequence: 0 }, dueAt: message.deliverAt },
        ...{ attempts: 0, attemptsBefore: 0, firstSentAt: null, orderNumber: null, lease: NO_LEASE },
      }
      const request = deliveryRequest(delivery, { listener, target, userAgent: deps.userAgent, now })
      if (request === null) return null
      const own = new Set(namesIn(target.headers))
      const headers: ShownRequest['headers'] = Object.fromEntries(linesOf(request.fields ?? ''))
      for (const [name, value] of pairsOf(request.headers ?? []))
        headers[name] = own.has(name.toLowerCase()) ? HIDDEN : value
      if ((request.tokenAsk ?? null) !== null) headers.authorization = HIDDEN
      return { method: request.method, url: listener.notifyUrl, headers }
    },
  }
}

function namesIn(headers: readonly string[]): string[] {
  return pairsOf(headers).map(([name]) => name.toLowerCase())
}

/** Of a list in which names and values alternate. */
function pairsOf(headers: readonly string[]): [string, string][] {
  return headers.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, headers[at + 1]!]] : []))
}

/** Of header fields with a line break behind each. */
function linesOf(fields: string): [string, string][] {
  return fields
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    })
}
