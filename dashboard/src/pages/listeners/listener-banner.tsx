import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { call } from '../../api/client.ts'
import { useFirstHeld } from '../../api/listener-deliveries.ts'
import type { Listener, Queue } from '../../api/types.ts'
import { Button } from '../../parts/button.tsx'
import { Ago } from '../../parts/time.tsx'
import { useChange } from '../../parts/use-change.ts'
import { plural } from '../../words/format.ts'
import { downWords } from '../messages/wait-reason.ts'
import { hindranceOf } from './hindrance.ts'

/** What keeps messages from a listener, since when, and what mends it. */
export function ListenerBanner({
  listener,
  queueId,
  onCheck,
}: {
  listener: Listener
  queueId: string
  onCheck: () => void
}) {
  const hindrance = hindranceOf(listener)
  if (hindrance === null) return null
  const waiting = plural(listener.messages.pending_count, 'delivery waits', 'deliveries wait')
  if (hindrance.kind === 'disabled') {
    return (
      <Banner action={<Enable path={`/queues/${queueId}/listeners/${listener.id}`} />}>
        <strong>Disabled</strong>
        {hindrance.why !== null && `: ${hindrance.why}`}
        {hindrance.at !== null && (
          <>
            , <Ago at={hindrance.at} />
          </>
        )}
        . Nothing is sent to it; {waiting}.
      </Banner>
    )
  }
  if (hindrance.kind === 'unverified') {
    return (
      <Banner>
        Nothing is sent to it until its domain is verified. <Link href="/domains">Verify the domain</Link>, and it goes
        on.
      </Banner>
    )
  }
  if (hindrance.kind === 'blocked') {
    return <BlockedBanner listener={listener} queueId={queueId} waiting={waiting} />
  }
  return (
    <Banner action={listener.notify_url && <Button onPress={onCheck}>Check now</Button>}>
      <strong>Down</strong>
      {hindrance.why !== null && `: ${hindrance.why}`}. Last success: <Ago at={hindrance.lastSuccessAt} />; {waiting}.{' '}
      {downWords(listener.liveness_url !== null)}
    </Banner>
  )
}

/** What blocks stands before the first that waits; what was missed before the listener was told to block holds nothing. */
function BlockedBanner({ listener, queueId, waiting }: { listener: Listener; queueId: string; waiting: string }) {
  const first = useFirstHeld({ queueId, listenerId: listener.id })
  const blocker = first.data?.behind
  if (blocker === undefined || !blocker.missed) return null
  return (
    <Banner action={<RedeliverOne queueId={queueId} listener={listener} messageId={blocker.message_id} />}>
      <strong>Blocked</strong> by{' '}
      <Link href={`/queues/${queueId}/messages/${blocker.message_id}`}>a missed message</Link>: {waiting},{' '}
      {listener.ordering === 'key' ? 'those of its key' : 'all of them'} behind it, until it is redelivered or deleted.
    </Banner>
  )
}

/** Says that the queue of a listener is paused, which keeps messages from it too. */
export function PausedBanner({ queue }: { queue: Queue }) {
  const resume = useChange(() => call('PATCH', `/queues/${queue.id}`, { body: { paused: false } }), {
    said: 'The queue delivers again.',
  })
  return (
    <Banner
      action={
        <Button isDisabled={resume.isPending} onPress={() => resume.mutate()}>
          Resume the queue
        </Button>
      }
    >
      <strong>The queue is paused</strong>: none of its listeners gets anything.
      {resume.error && <span className="fault"> {resume.error.message}</span>}
    </Banner>
  )
}

function Banner({ action, children }: { action?: ReactNode; children: ReactNode }) {
  return (
    <div className="notice" role="status">
      <span className="grow">{children}</span>
      {action}
    </div>
  )
}

function Enable({ path }: { path: string }) {
  const enable = useChange(() => call('PATCH', path, { body: { status: 'enabled' } }), {
    said: 'The listener is enabled: what waits is sent.',
  })
  return (
    <>
      {enable.error && <span className="fault">{enable.error.message}</span>}
      <Button kind="primary" isDisabled={enable.isPending} onPress={() => enable.mutate()}>
        Enable
      </Button>
    </>
  )
}

function RedeliverOne({ queueId, listener, messageId }: { queueId: string; listener: Listener; messageId: string }) {
  const path = `/queues/${queueId}/messages/${messageId}/redeliver`
  const redeliver = useChange(() => call('POST', path, { body: { listener_ids: [listener.id] } }), {
    said: 'It is on its way once more; the others follow it.',
  })
  return (
    <>
      {redeliver.error && <span className="fault">{redeliver.error.message}</span>}
      <Button kind="primary" isDisabled={redeliver.isPending} onPress={() => redeliver.mutate()}>
        Redeliver it
      </Button>
    </>
  )
}
