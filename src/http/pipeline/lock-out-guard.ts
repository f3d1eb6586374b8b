import { createLockOut, type LockOut } from '../../app/limits/lock-out.ts'
import { type Network, sourceOf } from '../../core/network/address.ts'
import { clientAddress } from '../../core/network/client-address.ts'
import { Problem } from '../../core/problem.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import { type Caller, createProxyWatch } from './unnamed-proxy.ts'

/** Keeps a lock-out for the addresses that requests come from. */
export interface LockOutGuard {
  /** Throws `locked_out` for a request from an address that is kept out, whatever its key. */
  expectOpen(request: Caller): void
  /** The key of this request was unknown or disabled. One without a key has tried none, and is not counted. */
  rejected(request: Caller): void
}

interface Deps {
  runtime: Pick<Runtime, 'now' | 'log'>
  trustedProxies: readonly Network[]
  /**
   * The sources that are kept out; nodes tell each other of failures, so that ten of them are ten wherever they come.
   */
  lockOut?: LockOut
  store: Pick<Store, 'tell'>
}

export function createLockOutGuard(deps: Deps): LockOutGuard {
  const { lockOut = createLockOut({ now: deps.runtime.now }) } = deps
  const watchProxies = createProxyWatch({ log: deps.runtime.log, trustedProxies: deps.trustedProxies })

  function sourceOfRequest(request: Caller): string | null {
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
      watchProxies(request)
      if (!lockOut.active) return
      const source = sourceOfRequest(request)
      const leftMs = source === null ? 0 : lockOut.left(source)
      if (leftMs > 0) throw new Problem('locked_out', { headers: { 'retry-after': String(Math.ceil(leftMs / 1000)) } })
    },
    rejected(request) {
      const source = sourceOfRequest(request)
      if (source === null) return
      lockOut.failed(source)
      deps.store.tell({ kind: 'key_rejected', source })
    },
  }
}
