// The thread's side: opens the database and answers calls, one after the other.
import { parentPort, workerData } from 'node:worker_threads'
import type { StoreChange } from '../../store/cluster/changes.ts'
import type { Store } from '../../store/store.ts'
import { openSqliteStore } from '../database.ts'
import { packResult, unpackBatch } from './batch-wire.ts'
import type { Packed } from './flat.ts'
import { type Answer, type Call, failureOf, OPENING } from './thread-protocol.ts'

type Method = (...asks: unknown[]) => Promise<unknown>

/** Written, and not told yet. */
let changes: StoreChange[] = []

/** Tells what has changed with it: the caller's followers hear of it before the caller has its answer. */
function answer(it: Answer): void {
  if (changes.length > 0) {
    it.changes = changes
    changes = []
  }
  parentPort!.postMessage(it)
}

function methodOf(store: Store, { noun, method }: Call): Method {
  if (noun === '' && method === 'commit')
    return async (packed) => packResult(await store.commit(unpackBatch(packed as Packed)))
  const owner = (noun === '' ? store : store[noun as keyof Store]) as unknown as Record<string, Method>
  return owner[method]!
}

/** What the other side can call, by name, so that it need not be told of each new part. */
function nounsOf(store: Store): string[] {
  return Object.entries(store).flatMap(([name, part]) => (typeof part === 'object' && part !== null ? name : []))
}

openSqliteStore(workerData as string, { aside: true }).then(
  (store) => {
    store.follow((change) => changes.push(change as StoreChange))
    parentPort!.on('message', (call: Call) => {
      const { number } = call
      methodOf(
        store,
        call,
      )(...call.asks).then(
        (result) => answer({ number, result }),
        (error: unknown) => answer({ number, failure: failureOf(error) }),
      )
    })
    answer({ number: OPENING, result: nounsOf(store) })
  },
  (error: unknown) => answer({ number: OPENING, failure: failureOf(error) }),
)
