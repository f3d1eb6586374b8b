import type { Batch, BatchResult } from '../store/batch.ts'
import { packAccept, packAcceptResult, unpackAccept, unpackAcceptResult } from './accept-wire.ts'
import { type Flat, Reader } from './flat.ts'
import { packSettlement, packSettleResult, unpackSettlement, unpackSettleResult } from './settlement-wire.ts'

/** Everything of the batch, in the order in which `unpackBatch` reads it. */
export function packBatch({ node, now, accepts, settlements, keyUses }: Batch): Flat {
  const flat: Flat = [node, now, accepts.length]
  for (const accept of accepts) packAccept(flat, accept)
  flat.push(settlements.length)
  for (const settlement of settlements) packSettlement(flat, settlement)
  flat.push(keyUses.length)
  for (const { apiKeyId, at } of keyUses) flat.push(apiKeyId, at)
  return flat
}

export function unpackBatch(flat: Flat): Batch {
  const reader = new Reader(flat)
  return {
    node: reader.text(),
    now: reader.number(),
    accepts: reader.list(unpackAccept),
    settlements: reader.list(unpackSettlement),
    keyUses: reader.list(() => ({ apiKeyId: reader.text(), at: reader.number() })),
  }
}

export function packResult({ accepts, settlements }: BatchResult): Flat {
  const flat: Flat = [accepts.length]
  for (const result of accepts) packAcceptResult(flat, result)
  flat.push(settlements.length)
  for (const result of settlements) packSettleResult(flat, result)
  return flat
}

export function unpackResult(flat: Flat): BatchResult {
  const reader = new Reader(flat)
  return { accepts: reader.list(unpackAcceptResult), settlements: reader.list(unpackSettleResult) }
}
