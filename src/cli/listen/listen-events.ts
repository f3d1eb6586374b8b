import type { Outcome } from '../../core/delivery/attempt.ts'
import { bodyLine } from '../client/body.ts'
import type { Context } from '../client/context.ts'
import { plain } from '../client/show.ts'
import type { PulledMessage } from './forwarder.ts'
import type { TunnelEvents } from './tunnel.ts'

const SHOWN_DATA = 80

/** Shows each message with what the receiver answered and how long it took. */
export function createListenEvents({ terminal }: Pick<Context, 'terminal'>): TunnelEvents {
  const { paint } = terminal

  function asJson({ id, name, attempt }: PulledMessage, more: object): void {
    terminal.print(JSON.stringify({ id, name, attempt, ...more }))
  }

  function line({ id, name, attempt, ...body }: PulledMessage, startedAt: number, outcome: string): void {
    const time = paint('dim', new Date(startedAt).toISOString().slice(11, 23))
    // A message that was given no name has its id as one.
    const what = name === undefined || name === id ? id : `${id} ${name}`
    const nth = attempt > 1 ? paint('yellow', `  attempt ${attempt}`) : ''
    const data = bodyLine(body)
    const shown = data.length > SHOWN_DATA ? `${data.slice(0, SHOWN_DATA - 1)}…` : data
    terminal.print(`${time}  ${what}${nth}  ${outcome}  ${paint('dim', plain(shown))}`)
  }

  return {
    forwarded(message, outcome, acknowledged) {
      const { startedAt, durationMs, status, error } = outcome
      if (terminal.json) {
        return asJson(message, { started_at: startedAt, duration: durationMs, status, error, acknowledged })
      }
      const answer = paint(acknowledged ? 'green' : 'red', answerText(outcome))
      line(message, startedAt, `${answer} in ${durationMs} ms`)
    },
    repeated(message) {
      if (terminal.json) {
        asJson(message, { acknowledged: true, repeated: true })
        return
      }
      terminal.print(`${message.id} had been forwarded before; acknowledged now`)
    },
    notExtended: ({ id }, error) =>
      terminal.note(`discue: ${id} may come again while it is being forwarded: ${error.message}`),
    disconnected: (error) => terminal.note(`discue: ${error.message}; trying until it is back`),
    connected: () => terminal.note('discue: connected again'),
  }
}

function answerText({ status, error }: Outcome): string {
  return status === null || error !== null ? (error ?? 'no answer') : String(status)
}
