import { realpathSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { ChangeFollowers } from '../../store/cluster/changes.ts'
import type { LedgerStore } from '../../store/ledger.ts'
import type { Store } from '../../store/store.ts'
import { LedgerWorker } from '../ledger/ledger-worker.ts'
import { packBatch, unpackResult } from './batch-wire.ts'
import type { Packed } from './flat.ts'
import { threadModule } from './thread-module.ts'
import { type Answer, type Call, errorOf, OPENING } from './thread-protocol.ts'

interface PendingCall {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** The thread of the database ended by itself: out of memory, say, or by an error that it does not expect. */
class ThreadEnded extends Error {
  constructor(cause: unknown) {
    super('the thread of the database has ended', { cause })
    this.name = 'ThreadEnded'
  }
}

/**
 * The store with its database in a thread of its own, so that a disk sync, a listing or a checkpoint never keeps
 * HTTP waiting. Calls are answered in the order in which they were made. A thread that ends by itself fails all
 * calls, those under way too, and throws where no caller can catch it, which stops the process: what the store has done
 * is known only after a restart.
 */
export async function openThreadedSqliteStore(path: string): Promise<Store> {
  const worker = new Worker(threadModule('thread', import.meta.url), {
    workerData: path,
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
  })
  /** By number. Numbers come again, so that no map grows and shrinks with every commit, which leaves much behind. */
  const waiting: (PendingCall | null)[] = []
  const free: number[] = []

  /** Why the thread is gone; null while it is there. */
  let ended: ThreadEnded | null = null

  const send = (noun: string, method: string, asks: unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      if (ended !== null) return reject(ended)
      const number = free.pop() ?? waiting.length
      waiting[number] = { resolve, reject }
      worker.postMessage({ number, noun, method, asks } satisfies Call)
    })

  const followers = new ChangeFollowers()
  worker.on('message', (answer: Answer) => {
    const { number, changes } = answer
    const call = waiting[number]!
    waiting[number] = null
    free.push(number)
    if (changes !== undefined) for (const change of changes) followers.tell(change)
    if ('failure' in answer) call.reject(errorOf(answer.failure))
    else call.resolve(answer.result)
  })
  let closing = false
  const failAll = (cause: unknown) => {
    if (ended !== null || closing) return
    ended = new ThreadEnded(cause)
    // `StoreUnavailable` would say that nothing was written, which is not known of what was under way.
    for (const call of waiting.splice(0)) call?.reject(ended)
    if (!closing) throw ended
  }
  worker.on('error', failAll)
  worker.on('exit', (code) => failAll(new Error(`the thread ended with ${code}`)))
  const opened = new Promise<unknown>((resolve, reject) => {
    waiting[OPENING] = {
      resolve,
      reject(error) {
        // Already here: the thread may be gone before anything that waits for this promise runs.
        closing = true
        reject(error)
      },
    }
  })
  const nouns = await opened.catch(async (error: unknown) => {
    await worker.terminate()
    throw error
  })
  const ledger = new LedgerWorker(
    realpathSync(path),
    () => send('ledger', 'drainTouched', []) as Promise<number[] | null>,
  )
  return remoteStore(send, { nouns: nouns as string[], ledger, followers }, async () => {
    closing = true
    await ledger.close()
    await worker.terminate()
  })
}

/** What is not merely handed on to the thread. */
type Own = 'ledger' | 'commit' | 'shared' | 'rates' | 'follow' | 'tell' | 'nodesWithout' | 'ping' | 'close'

/** The store's interface: `nouns` are the parts of it whose methods are calls. */
function remoteStore(
  send: (noun: string, method: string, asks: unknown[]) => Promise<unknown>,
  { nouns, ledger, followers }: { nouns: readonly string[]; ledger: LedgerStore; followers: ChangeFollowers },
  terminate: () => Promise<void>,
): Store {
  const noun = (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...asks: unknown[]) =>
            send(name, String(method), asks),
      },
    )
  return {
    ...(Object.fromEntries(nouns.map((name) => [name, noun(name)])) as unknown as Omit<Store, Own>),
    ledger,
    commit: async (batch) => unpackResult((await send('', 'commit', [packBatch(batch)])) as Packed),
    shared: false,
    rates: null,
    follow: (heard) => followers.follow(heard),
    tell: () => undefined,
    nodesWithout: () => [],
    ping: () => send('', 'ping', []) as Promise<void>,
    async close() {
      await send('', 'close', [])
      await terminate()
    },
  }
}
