/** One event of a stream of server-sent events. */
export interface StreamEvent {
  id: string | null
  type: string
  data: string
}

/** A server that never ends a line must not fill the memory of the page. */
const MAX_PENDING_CHARS = 4 * 1024 * 1024

/**
 * Reads server-sent events from the body of a response: `EventSource` cannot send the header with the key. Follows
 * the parsing rules of the HTML standard, section 9.2.6, without `retry`.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let pending = ''
  let event = blank()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      pending += value
      const lines = pending.split(/\r\n|\n|\r(?!$)/)
      pending = lines.pop()!
      if (pending.length > MAX_PENDING_CHARS) throw new Error('the stream of events has a line without an end')
      for (const line of lines) {
        if (line !== '') take(event, line)
        else {
          if (event.lines.length > 0) yield { id: event.id, type: event.type, data: event.lines.join('\n') }
          event = blank()
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

interface Draft {
  id: string | null
  type: string
  lines: string[]
}

function blank(): Draft {
  return { id: null, type: 'message', lines: [] }
}

function take(event: Draft, line: string): void {
  const colon = line.indexOf(':')
  if (colon === 0) return
  const name = colon < 0 ? line : line.slice(0, colon)
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
  if (name === 'data') event.lines.push(value)
  else if (name === 'event') event.type = value
  else if (name === 'id') event.id = value
}
