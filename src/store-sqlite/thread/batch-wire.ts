import type { Batch, BatchResult } from '../../store/commit/batch.ts'
import { packAccept, packAcceptResult, unpackAccept, unpackAcceptResult } from './accept-wire.ts'
import { type Packed, Packer, Reader } from './flat.ts'
import { packLeaseSettlement, unpackLeaseSettlement } from './lease-settlement-wire.ts'
import { packSettlement, packSettleResult, unpackSettlement, unpackSettleResult } from './settlement-wire.ts'

/** Everything of the batch, in the order in which `unpackBatch` reads it. */
export function packBatch({ node, now, accepts, settlements, leaseSettlements = [], keyUses }: Batch): Packed {
  const packer = new Packer()
  const { cells } = packer
  cells.push(node, now, accepts.length)
  for (const accept of accepts) packAccept(packer, accept, now)
  cells.push(settlements.length)
  for (const settlement of settlements) packSettlement(packer, settlement, now)
  cells.push(leaseSettlements.length)
  for (const settlement of leaseSettlements) packLeaseSettlement(packer, settlement, now)
  cells.push(keyUses.length)
  for (const { apiKeyId, at } of keyUses) cells.push(apiKeyId, at)
  return packer.packed
}

export function unpackBatch(packed: Packed): Batch {
  const reader = new Reader(packed)
  const [node, now] = [reader.text(), reader.number()]
  return {
    node,
    now,
    accepts: reader.list(() => unpackAccept(reader, now)),
    settlements: reader.list(() => unpackSettlement(reader, now)),
    leaseSettlements: reader.list(() => unpackLeaseSettlement(reader, now)),
    keyUses: reader.list(() => ({ apiKeyId: reader.text(), at: reader.number() })),
  }
}

export function packResult({ accepts, settlements, leaseSettlements }: BatchResult): Packed {
  const packer = new Packer()
  const { cells } = packer
  cells.push(accepts.length)
  for (const result of accepts) packAcceptResult(cells, result)
  cells.push(settlements.length)
  for (const result of settlements) packSettleResult(cells, result)
  cells.push(leaseSettlements.length)
  for (const result of leaseSettlements) packSettleResult(cells, result)
  return packer.packed
}

export function unpackResult(packed: Packed): BatchResult {
  const reader = new Reader(packed)
  return {
    accepts: reader.list(unpackAcceptResult),
    settlements: reader.list(unpackSettleResult),
    leaseSettlements: reader.list(unpackSettleResult),
  }
}
