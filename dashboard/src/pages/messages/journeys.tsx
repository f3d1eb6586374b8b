import { RotateCcw } from 'lucide-react'
import { Link } from 'wouter'
import type { Attempt, Delivery, Listener, Message } from '../../api/types.ts'
import { Button } from '../../parts/button.tsx'
import { Journey } from './journey.tsx'

/** The journey of a message to each of its listeners. */
export function Journeys({
  message,
  attempts,
  listeners,
  queueId,
  paused,
  onRedeliver,
  busy,
}: {
  message: Message
  attempts: Attempt[]
  listeners: Map<string, Listener>
  queueId: string
  paused: boolean
  onRedeliver: (listenerId: string) => void
  busy: boolean
}) {
  const leftOut = message.left_out ?? []
  if (message.deliveries.length === 0 && leftOut.length > 0) {
    return (
      <>
        <p className="soft">It fits the filter of no listener that the queue had, so that it goes nowhere.</p>
        <LeftOut message={message} listeners={listeners} queueId={queueId} />
      </>
    )
  }
  if (message.deliveries.length === 0) {
    return (
      <>
        <p className="soft">The queue had no listener when this was accepted, so that it goes nowhere.</p>
        <p>
          <Link href={`/queues/${queueId}/listeners`}>Add a listener</Link>, then send it again: a listener gets what is
          accepted after it was made.
        </p>
      </>
    )
  }
  return (
    <div className="stack" style={{ gap: 30 }}>
      {message.deliveries.map((delivery) => (
        <section key={delivery.listener_id} className="stack" aria-label={nameOf(listeners, delivery)}>
          <div className="spread">
            <h3>
              {listeners.has(delivery.listener_id) ? (
                <Link href={`/queues/${queueId}/listeners/${delivery.listener_id}`}>{nameOf(listeners, delivery)}</Link>
              ) : (
                <span className="soft">Deleted: {delivery.listener_id}</span>
              )}
            </h3>
            {listeners.has(delivery.listener_id) && delivery.status !== 'pending' && (
              <Button
                size="small"
                kind="quiet"
                icon={RotateCcw}
                isDisabled={busy}
                onPress={() => onRedeliver(delivery.listener_id)}
              >
                Redeliver
              </Button>
            )}
          </div>
          <Journey
            message={message}
            delivery={delivery}
            attempts={attempts.filter(({ listener_id }) => listener_id === delivery.listener_id).reverse()}
            listener={listeners.get(delivery.listener_id)}
            paused={paused}
          />
        </section>
      ))}
      <LeftOut message={message} listeners={listeners} queueId={queueId} />
    </div>
  )
}

/** The listeners that do not get the message, and what of their filter it is not. */
function LeftOut({
  message,
  listeners,
  queueId,
}: {
  message: Message
  listeners: Map<string, Listener>
  queueId: string
}) {
  const leftOut = message.left_out ?? []
  if (leftOut.length === 0) return null
  return (
    <section className="stack" aria-label="Left out by their filters">
      <h3>Left out by their filters</h3>
      <ul>
        {leftOut.map(({ listener_id, failed }) => (
          <li key={listener_id}>
            {listeners.has(listener_id) ? (
              <Link href={`/queues/${queueId}/listeners/${listener_id}`}>{listeners.get(listener_id)!.name}</Link>
            ) : (
              <span className="soft">{listener_id}</span>
            )}
            {failed === undefined ? (
              <span className="soft"> by a filter that it had then</span>
            ) : (
              <>
                : not as <code>{failed}</code> asks
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function nameOf(listeners: Map<string, Listener>, { listener_id }: Delivery): string {
  return listeners.get(listener_id)?.name ?? listener_id
}
