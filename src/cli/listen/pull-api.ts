import type { ApiClient } from '../client/api-client.ts'
import type { Api } from '../client/api-types.ts'
import type { PullApi } from './tunnel.ts'

/** A long poll: short enough that a connection which died without a word is noticed within half a minute. */
const WAIT_MS = 20_000
const PATIENCE_MS = 10_000

/** The pull side of the listener at `path`. */
export function createPullApi(api: ApiClient, path: string): PullApi {
  return {
    async pull({ max, leaseMs }, signal) {
      const body = { max, wait: WAIT_MS, lease: leaseMs }
      return (
        await api.call<Api.PullMessagesResult>('POST', `${path}/pull`, {
          body,
          signal,
          timeoutMs: WAIT_MS + PATIENCE_MS,
        })
      ).messages
    },
    async ack(receipts, signal) {
      const ask = { body: { receipts }, signal }
      const { lost } = await api.call<Api.AcknowledgeMessagesResult>('POST', `${path}/ack`, ask)
      return { lost }
    },
    async nack(receipts, delayMs, signal) {
      await api.call('POST', `${path}/nack`, { body: { receipts, delay: delayMs }, signal })
    },
    async extend(receipts, leaseMs, signal) {
      const ask = { body: { receipts, lease: leaseMs }, signal }
      const { lost } = await api.call<Api.ExtendLeasesResult>('POST', `${path}/extend`, ask)
      return { lost }
    },
  }
}
