import { type FinishedSpan, otlpDocument } from '../../core/telemetry/span.ts'
import type { TraceSettings } from '../../core/telemetry/trace-settings.ts'
import type { Cancel, Runtime } from '../../runtime.ts'
import type { Sender } from '../client/sender.ts'

/** Spans in memory, at most; what comes while it is full is dropped and counted. */
const CAPACITY = 8_192
const BATCH = 512
const EVERY_MS = 2_000
const TIMEOUT_MS = 10_000
/** What a stopping server gives to the last of them. */
const LAST_MS = 2_000

/** Sends spans to a collector, by and by. Tracing never slows or stops what is traced: what cannot be sent is dropped. */
export interface SpanExporter {
  take(span: FinishedSpan): void
  /** Sends what it can within two seconds. */
  close(): Promise<void>
}

export function createSpanExporter(
  runtime: Runtime,
  settings: TraceSettings,
  version: string,
  sender: Sender,
): SpanExporter {
  const { origin, pathname, search } = new URL(settings.url)
  const headers = Object.entries({ 'content-type': 'application/json', ...settings.headers }).flat()
  let waiting: FinishedSpan[] = []
  let dropped = 0
  let closed = false
  let cancel: Cancel | null = null
  let sending: Promise<void> | null = null

  function schedule(): void {
    cancel ??= runtime.upkeep(EVERY_MS, () => {
      cancel = null
      flush()
    })
  }

  function flush(): void {
    if (sending !== null || waiting.length === 0) return
    const batch = waiting.slice(0, BATCH)
    waiting = waiting.slice(BATCH)
    sending = send(batch, TIMEOUT_MS).then(() => {
      sending = null
      if (closed) return
      if (waiting.length >= BATCH) flush()
      else if (waiting.length > 0) schedule()
    })
  }

  /** Never rejects: no caller waits for most of them, and tracing must not end the server. */
  async function send(batch: FinishedSpan[], timeoutMs: number): Promise<void> {
    try {
      await sendOnce(batch, timeoutMs)
    } catch (err) {
      runtime.log.warn({ spans: batch.length, err }, 'spans could not be sent')
    }
  }

  async function sendOnce(batch: FinishedSpan[], timeoutMs: number): Promise<void> {
    const body = otlpDocument(batch, { service: settings.service, version })
    const request = { method: 'POST' as const, origin, path: pathname + search, headers: [...headers], body, timeoutMs }
    const outcome = await sender.send({ ...request, startedAt: runtime.now() })
    if (outcome === 'aborted') return
    const { status, error } = outcome
    if (error === null && status !== null && status < 300) return
    runtime.log.warn({ spans: batch.length, dropped, status, error }, 'spans were not taken by the collector')
    dropped = 0
  }

  return {
    take(span) {
      if (waiting.length >= CAPACITY) {
        dropped += 1
        return
      }
      waiting.push(span)
      if (waiting.length >= BATCH) flush()
      else schedule()
    },
    async close() {
      closed = true
      cancel?.()
      const cancelLast = runtime.after(LAST_MS, () => sender.abort())
      await sending
      while (waiting.length > 0) await send(waiting.splice(0, BATCH), LAST_MS)
      cancelLast()
      await sender.close()
    },
  }
}
