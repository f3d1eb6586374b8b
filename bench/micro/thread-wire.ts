// node bench/micro/thread-wire.ts — what a commit costs on its way to the store's thread and back: as objects, and flat.
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { createIdFactory } from '../../src/core/id.ts'
import { createRuntime } from '../../src/runtime.ts'
import type { Accept, Batch, BatchResult, Settlement } from '../../src/store/commit/batch.ts'
import { packBatch, packResult, unpackBatch, unpackResult } from '../../src/store-sqlite/thread/batch-wire.ts'
import type { Packed } from '../../src/store-sqlite/thread/flat.ts'

const ACCEPTS = 8
const SETTLEMENTS = 8
const ROUNDS = 20_000
const WARM_UP = 5_000

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const runtime = createRuntime(quiet)
const newId = createIdFactory(runtime)
/** All of one queue with one listener, as in a burst. */
const [organizationId, queueId, listenerId] = [newId(), newId(), newId()]
const { port1, port2 } = new MessageChannel()

/** How a thing is sent and how it is taken. */
interface Way<Thing> {
  pack: (thing: Thing) => unknown
  unpack: (sent: unknown) => Thing
}

const asIs = <Thing>(): Way<Thing> => ({ pack: (it) => it, unpack: (it) => it as Thing })
const flat = {
  batch: { pack: packBatch, unpack: (it: unknown) => unpackBatch(it as Packed) },
  result: { pack: packResult, unpack: (it: unknown) => unpackResult(it as Packed) },
}

const batch: Batch = {
  node: newId(),
  now: runtime.now(),
  accepts: Array.from({ length: ACCEPTS }, oneAccept),
  settlements: Array.from({ length: SETTLEMENTS }, oneSettlement),
  keyUses: [],
}
const result: BatchResult = {
  accepts: batch.accepts.map((_, i) => ({
    outcome: 'accepted',
    messages: [{ sequence: 1e6 + i, leases: [1e6 + i], places: null }],
  })),
  settlements: batch.settlements.map(() => 'settled'),
  leaseSettlements: [],
}

console.log(`${ACCEPTS} accepts of 256 bytes and ${SETTLEMENTS} settlements; microseconds, median of ${ROUNDS} rounds`)
const figures = [
  ['batch', measure(batch, asIs(), flat.batch)],
  ['result', measure(result, asIs(), flat.result)],
] as const
for (const [what, [objects, packed]] of figures) {
  for (const side of ['send', 'receive'] as const) {
    const ratio = (objects[side] / packed[side]).toFixed(2)
    console.log(
      `${what.padEnd(7)} ${side.padEnd(8)} objects ${show(objects[side])}  flat ${show(packed[side])}  × ${ratio}`,
    )
  }
}
port1.close()

function oneAccept(): Accept {
  const now = runtime.now()
  const message = {
    ...{ id: newId(), organizationId, queueId, name: null, key: null },
    ...{ data: 'x'.repeat(256), createdAt: now, deliverAt: now, expiresAt: null, headers: null, mediaType: null },
  }
  return { queueVersion: 2, messages: [{ message, deliveries: [{ listenerId, leased: true }] }], answer: null }
}

function oneSettlement(): Settlement {
  const now = runtime.now()
  const delivery = { listenerId, dueAt: now, lease: 1e6, firstSentAt: null, attemptsBefore: 0, sequence: 1e6 }
  const attempt = { number: 1, startedAt: now, durationMs: 3, status: 200, error: null, response: '' }
  return { delivery, attempt, next: { state: 'acknowledged' } }
}

/** Both ways take turns, so that a disturbance meets both. */
function measure<Thing>(thing: Thing, ...ways: [Way<Thing>, Way<Thing>]) {
  const times = ways.map(() => ({ send: [] as number[], receive: [] as number[] }))
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    for (const [index, way] of ways.entries()) {
      const { send, receive } = cross(thing, way)
      if (round < WARM_UP) continue
      times[index]!.send.push(send)
      times[index]!.receive.push(receive)
    }
  }
  return times.map(({ send, receive }) => ({ send: median(send), receive: median(receive) })) as [Sides, Sides]
}

interface Sides {
  send: number
  receive: number
}

function cross<Thing>(thing: Thing, { pack, unpack }: Way<Thing>): Sides {
  const before = process.hrtime.bigint()
  port1.postMessage(pack(thing))
  const sent = process.hrtime.bigint()
  unpack(receiveMessageOnPort(port2)!.message)
  const received = process.hrtime.bigint()
  return { send: Number(sent - before) / 1000, receive: Number(received - sent) / 1000 }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!
}

function show(micros: number): string {
  return micros.toFixed(1).padStart(6)
}
