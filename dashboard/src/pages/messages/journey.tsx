import type { ReactNode } from 'react'
import type { Attempt, Delivery, Listener, Message } from '../../api/types.ts'
import type { Tone } from '../../parts/badge.tsx'
import { Snippet } from '../../parts/snippet.tsx'
import { useNow } from '../../parts/time.tsx'
import { dateTime, duration, fullTime, plural, readable, timeOfDay } from '../../words/format.ts'
import { isSuccess, outcomeText } from '../../words/outcome.ts'
import { requestText } from './request-text.ts'
import { waitingWords } from './wait-reason.ts'

/** The way of one message to one listener, from its acceptance to where it is now. */
export function Journey({
  message,
  delivery,
  attempts,
  listener,
  paused,
}: {
  message: Message
  delivery: Delivery
  /** Oldest first. */
  attempts: Attempt[]
  listener: Listener | undefined
  paused: boolean
}) {
  const later = message.deliver_at > message.created_at
  return (
    <>
      <ol className="journey">
        <Step tone="good" title="Accepted, and on disk" at={message.created_at} />
        {later && (
          <Step
            tone={attempts.length > 0 ? 'good' : 'plan'}
            title={`Due ${dateTime(message.deliver_at)}`}
            at={message.deliver_at}
          />
        )}
        {attempts.map((attempt) => (
          <AttemptStep key={attempt.number} attempt={attempt} />
        ))}
        <Ending delivery={delivery} attempts={attempts} listener={listener} paused={paused} message={message} />
      </ol>
      {listener?.notify_url && (
        <details>
          <summary className="small soft">As it would be sent now</summary>
          <Snippet label="Copy the request">{requestText(message, listener, attempts.length)}</Snippet>
        </details>
      )}
    </>
  )
}

function Step({ tone, title, at, children }: { tone: Tone; title: string; at?: number | null; children?: ReactNode }) {
  return (
    <li className="step" data-tone={tone}>
      <span className="step-dot" aria-hidden />
      <div className="step-words">
        <div className="step-title">
          <span>{title}</span>
          {at != null && (
            <time className="small soft num" dateTime={new Date(at).toISOString()} title={fullTime(at)}>
              {timeOfDay(at)}
            </time>
          )}
        </div>
        {children}
      </div>
    </li>
  )
}

function AttemptStep({ attempt }: { attempt: Attempt }) {
  const ok = isSuccess(attempt)
  return (
    <Step
      tone={ok ? 'good' : 'bad'}
      title={`Attempt ${attempt.number}: ${outcomeText(attempt)}, after ${duration(attempt.duration)}`}
      at={attempt.started_at}
    >
      <details>
        <summary>What came back</summary>
        <Snippet label="Copy what came back">{cameBackText(attempt)}</Snippet>
      </details>
    </Step>
  )
}

function cameBackText({ status, error, response }: Attempt): string {
  if (error !== undefined) return `nothing: ${error}${response ? `\n\n${response}` : ''}`
  return `${status}\n\n${response ? readable(response) : '(an empty body)'}`
}

function Ending({
  delivery,
  attempts,
  listener,
  paused,
  message,
}: {
  delivery: Delivery
  attempts: Attempt[]
  listener: Listener | undefined
  paused: boolean
  message: Message
}) {
  const now = useNow()
  if (delivery.status === 'delivered') return <Step tone="good" title="Acknowledged" at={endOf(attempts.at(-1))} />
  if (delivery.status === 'missed') {
    return (
      <Step tone="bad" title={`Missed, after ${plural(attempts.length, 'attempt')}`}>
        <p className="small soft">No attempt is left. Redeliver it once the listener is well again.</p>
      </Step>
    )
  }
  if (delivery.status === 'expired') {
    return (
      <Step tone="bad" title="Expired before it was delivered" at={message.expires_at ?? null}>
        <p className="small soft">It is not sent any more. If it still matters, send it again.</p>
      </Step>
    )
  }
  if (delivery.status === 'discarded') {
    return (
      <Step tone="bad" title="Discarded: the listener was deleted before it had this">
        <p className="small soft">If another listener is to have it, add that to the queue and send it again.</p>
      </Step>
    )
  }
  const { title, why } = waitingWords({ delivery, listener, paused, message, now })
  return (
    <Step tone={message.status === 'scheduled' ? 'plan' : 'wait'} title={title}>
      {why && <p className="small soft">{why}</p>}
    </Step>
  )
}

function endOf(attempt: Attempt | undefined): number | null {
  return attempt === undefined ? null : attempt.started_at + attempt.duration
}
