import type { WaitReason } from '../../../api/types.ts'

/** What a pending delivery waits for. */
export const WAIT_WORDS: Record<WaitReason, string> = {
  disabled: 'the listener is disabled',
  domain: 'its domain is not verified',
  paused: 'the queue is paused',
  order: 'the message before it',
  lease: 'a program has pulled it',
  due: 'its time',
  retry: 'the next attempt',
  pull: 'a program to pull it',
  down: 'the listener is down',
  proxy: 'the proxy on the way out, which fails',
  rate_limit: 'the rate limit',
  concurrency: 'attempts under way',
  sending: 'nothing: it is being sent',
}

/** Why a delivery was given up. */
export function missedWords(reason: string | undefined): string {
  const words: Record<string, string> = {
    retries_used_up: 'no attempt is left',
    refused: 'the listener asked for no more attempts',
  }
  return words[reason ?? ''] ?? (reason ?? '').replaceAll('_', ' ')
}
