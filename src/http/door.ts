import type { FastifyRequest } from 'fastify'
import { createLockOut } from '../app/lock-out.ts'
import { type Network, sourceOf } from '../core/address.ts'
import { clientAddress } from '../core/client-address.ts'
import { Problem } from '../core/problem.ts'
import type { Runtime } from '../runtime.ts'

/** Keeps a lock-out for the addresses that requests come from. */
export interface Door {
  /** Throws `locked_out` for a request from an address that is kept out, whatever its key. */
  expectOpen(request: FastifyRequest): void
  /** The key of this request was unknown or disabled. One without a key has tried none, and is not counted. */
  rejected(request: FastifyRequest): void
}

export function createDoor(deps: { runtime: Pick<Runtime, 'now'>; trustedProxies: readonly Network[] }): Door {
  const lockOut = createLockOut({ now: deps.runtime.now })

  function sourceOfRequest(request: FastifyRequest): string | null {
    const forwardedFor = request.headers['x-forwarded-for']
    const address = clientAddress({
      peer: request.socket.remoteAddress,
      forwardedFor: typeof forwardedFor === 'string' ? forwardedFor : forwardedFor?.join(),
      trusted: deps.trustedProxies,
    })
    return address === null ? null : sourceOf(address)
  }

  return {
    expectOpen(request) {
      if (!lockOut.active) return
      const source = sourceOfRequest(request)
      const leftMs = source === null ? 0 : lockOut.left(source)
      if (leftMs > 0) throw new Problem('locked_out', { headers: { 'retry-after': String(Math.ceil(leftMs / 1000)) } })
    },
    rejected(request) {
      const source = sourceOfRequest(request)
      if (source !== null) lockOut.failed(source)
    },
  }
}
