import { type FixedHeaders, fixedHeaderFaults } from '../../core/delivery/fixed-headers.ts'
import {
  type HeadersChange,
  openedHeaderOrNull,
  type StoredHeaders,
  sealedHeaders,
  storedValue,
} from '../../core/delivery/listener-headers.ts'
import { type Fault, Problem } from '../../core/problem.ts'
import { FaultList } from '../../core/schema/fault-list.ts'
import type { SecretBox } from '../../core/tenant/secret-box.ts'

/**
 * What is to be stored of headers that were asked for, encrypted where there is a key; `stored` are those that the listener
 * has. Throws `invalid` where they cannot be sent, or where a value is to be kept that is not there.
 */
export function headersToStore(
  deps: { secretBox: SecretBox },
  listenerId: string,
  { stored, change }: { stored: StoredHeaders; change: HeadersChange },
): HeadersChange {
  const missing = missingValues(stored, change)
  const clear = inClear(deps.secretBox, listenerId, { stored, change })
  const errors = [...missing, ...fixedHeaderFaults(clear)]
  if (errors.length > 0) throw new Problem('invalid', { errors })
  return sealedHeaders(deps.secretBox, listenerId, change)
}

function missingValues(stored: StoredHeaders, change: HeadersChange): Fault[] {
  const found = new FaultList('/headers')
  for (const [name, value] of Object.entries(change)) {
    if (value !== null || storedValue(stored, name) !== undefined) continue
    found.addBelow(name, 'has no value that could be kept; send the value itself')
  }
  return found.faults
}

/** For what is judged of all headers together. A value that this server cannot read was judged when it was stored. */
function inClear(
  box: SecretBox,
  listenerId: string,
  { stored, change }: { stored: StoredHeaders; change: HeadersChange },
): FixedHeaders {
  const clear = Object.entries(change).map(([name, value]) => {
    const found = value ?? storedValue(stored, name) ?? ''
    return [name, openedHeaderOrNull(box, { listenerId, name }, found) ?? ''] as const
  })
  return Object.fromEntries(clear)
}
