// The thread of the ledger: reads them by a connection of its own, one question after the other.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { LedgerAsk } from '../../store/ledger.ts'
import { translated } from '../errors.ts'
import { BUSY_MS } from '../file/busy-wait.ts'
import { type Answer, failureOf } from '../thread/thread-protocol.ts'
import { LedgerReader } from './ledger-reader.ts'

/** A question, and what was touched since the last one. */
export interface LedgerCall {
  number: number
  ask: LedgerAsk
  touched: number[] | null
}

const reader = new LedgerReader(new DatabaseSync(workerData as string, { readOnly: true, timeout: BUSY_MS }))
let last: Promise<void> = Promise.resolve()

async function answer({ number, ask, touched }: LedgerCall): Promise<void> {
  reader.forget(touched)
  const result: Answer = await reader.read(ask).then(
    (ledger) => ({ number, result: ledger }),
    (error: unknown) => ({ number, failure: failureOf(translated(error)) }),
  )
  parentPort!.postMessage(result)
}

parentPort!.on('message', (call: LedgerCall) => {
  last = last.then(() => answer(call))
})
