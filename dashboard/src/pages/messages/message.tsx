import { RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import { useAttempts, useListeners, useMessage, useQueue } from '../../api/queries.ts'
import type { Attempt, Delivery, Listener, Message } from '../../api/types.ts'
import { MessageBadge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Menu } from '../../parts/menu.tsx'
import { Card, Facts, Page } from '../../parts/page.tsx'
import { Snippet } from '../../parts/snippet.tsx'
import { Ago } from '../../parts/time.tsx'
import { useChange } from '../../parts/use-change.ts'
import { bytes, dateTime, plural, readable } from '../../words/format.ts'
import { Journey } from './journey.tsx'

export function MessagePage({ queueId, messageId }: { queueId: string; messageId: string }) {
  const message = useMessage(queueId, messageId)
  return (
    <Loaded query={message} what="this message" scope="messages: read" bones={420}>
      {(data) => <MessageParts message={data} queueId={queueId} />}
    </Loaded>
  )
}

/** What is sent with each delivery of it. */
function HeadersOf({ message }: { message: Message }) {
  const headers = Object.entries(message.headers ?? {})
  if (headers.length === 0) return 'none'
  return headers.map(([name, value]) => (
    <code key={name} style={{ display: 'block' }}>
      {name}: {value}
    </code>
  ))
}

function MessageParts({ message, queueId }: { message: Message; queueId: string }) {
  const [queue, listeners, attempts] = [useQueue(queueId), useListeners(queueId), useAttempts(queueId, message.id)]
  const [deleting, setDeleting] = useState(false)
  const [, go] = useLocation()
  const path = `/queues/${queueId}/messages/${message.id}`
  const redeliver = useChange(
    (listenerIds: string[] | null) =>
      call('POST', `${path}/redeliver`, { body: listenerIds === null ? {} : { listener_ids: listenerIds } }),
    { said: 'It is on its way once more.' },
  )
  const names = new Map(listeners.data?.map((one) => [one.id, one]))
  const settled = message.deliveries.filter(({ status }) => status === 'delivered' || status === 'missed')
  return (
    <Page
      title={message.name === message.id ? 'Message' : message.name}
      trail={[
        ['Queues', '/queues'],
        [queue.data?.name ?? 'Queue', `/queues/${queueId}`],
        ['Messages', `/queues/${queueId}/messages`],
      ]}
      badge={<MessageBadge status={message.status} />}
      lead={<code>{message.id}</code>}
      actions={
        <>
          <Button
            icon={RotateCcw}
            isDisabled={redeliver.isPending || settled.length === 0}
            onPress={() => redeliver.mutate(null)}
          >
            Redeliver to all
          </Button>
          <Menu
            label="More for this message"
            parts={[{ title: 'Delete', icon: Trash2, act: () => setDeleting(true), danger: true }]}
          />
        </>
      }
    >
      {redeliver.error && (
        <p className="fault" role="alert">
          It was not redelivered: {redeliver.error.message}
        </p>
      )}
      <div className="columns" data-lead="">
        <Card
          title="Journey"
          side={<span className="small soft">{plural(message.deliveries.length, 'listener')}</span>}
        >
          <Loaded query={attempts} what="the attempts" scope="messages: read">
            {(all) => (
              <Journeys
                message={message}
                attempts={all}
                listeners={names}
                queueId={queueId}
                paused={queue.data?.paused === true}
                onRedeliver={(id) => redeliver.mutate([id])}
                busy={redeliver.isPending}
              />
            )}
          </Loaded>
        </Card>
        <div className="stack">
          <Card
            title="Data"
            side={<span className="small soft">{bytes(new TextEncoder().encode(message.data).length)}</span>}
          >
            <div className="payload">
              <Snippet label="Copy the data">{readable(message.data)}</Snippet>
            </div>
          </Card>
          <Card title="About">
            <Facts
              facts={[
                ['Accepted', <Ago key="at" at={message.created_at} />],
                ['Due', message.deliver_at === message.created_at ? 'at once' : dateTime(message.deliver_at)],
                ['Expires', message.expires_at === undefined ? 'never' : dateTime(message.expires_at)],
                ['Key', message.key ?? 'none'],
                ['Headers', <HeadersOf key="headers" message={message} />],
                ['Listeners get', <code key="type">webhook-id: {message.id}</code>],
              ]}
            />
          </Card>
        </div>
      </div>
      <Confirm
        title="Delete this message?"
        verb="Delete the message"
        isOpen={deleting}
        onClose={() => setDeleting(false)}
        done="The message is deleted."
        act={async () => {
          await call('DELETE', path)
          go(`/queues/${queueId}/messages`)
        }}
      >
        <p>
          What is still pending of it is cancelled, and its journey is gone. A message on the wire may still arrive.
        </p>
      </Confirm>
    </Page>
  )
}

function Journeys({
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
    </div>
  )
}

function nameOf(listeners: Map<string, Listener>, { listener_id }: Delivery): string {
  return listeners.get(listener_id)?.name ?? listener_id
}
