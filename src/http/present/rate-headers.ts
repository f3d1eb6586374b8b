import type { FastifyReply } from 'fastify'
import type { Rate } from '../../app/limits/rate-limiter.ts'
import { Problem } from '../../core/problem.ts'

/** Says on the answer, whatever it becomes, how the organization stands with its limit of requests. */
export function showRate(reply: FastifyReply, rate: Rate): void {
  reply.headers(rateHeaders(rate))
}

export function rateHeaders({ limit, remaining, resetAt }: Rate): Record<string, number> {
  return { 'x-ratelimit-limit': limit, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': secondsOf(resetAt) }
}

/** Throws `rate_limited` for the request that is one too many. */
export function expectWithin({ exceeded, limit, resetAt }: Rate, now: number): void {
  if (!exceeded) return
  throw new Problem('rate_limited', {
    detail: `the organization may send ${limit} requests a minute, and has; Retry-After says when to go on`,
    headers: { 'retry-after': String(secondsOf(resetAt - now)) },
  })
}

/** Rounded up: who waits that long has waited long enough. */
function secondsOf(ms: number): number {
  return Math.ceil(ms / 1000)
}
