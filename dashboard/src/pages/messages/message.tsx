import { CalendarClock, Copy, RotateCcw, Send, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useAttempts, useListeners, useMessage, useQueue } from '../../api/queries.ts'
import type { Message } from '../../api/types.ts'
import { MessageBadge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Menu } from '../../parts/menu.tsx'
import { Card, Page } from '../../parts/page.tsx'
import { copy, Snippet } from '../../parts/snippet.tsx'
import { useChange } from '../../parts/use-change.ts'
import { bodyPreview, bodySize } from '../../words/body.ts'
import { bytes, plural } from '../../words/format.ts'
import { DeleteMessage } from './delete-message.tsx'
import { draftOf } from './draft.ts'
import { Journeys } from './journeys.tsx'
import { MessageFacts } from './message-facts.tsx'
import { MoveDialog } from './move-dialog.tsx'
import { curlOf } from './request-text.ts'
import { SendDialog } from './send-dialog.tsx'

export function MessagePage({ queueId, messageId }: { queueId: string; messageId: string }) {
  const message = useMessage(queueId, messageId)
  return (
    <Loaded query={message} what="this message" scope="messages: read" bones={420}>
      {(data) => <MessageParts message={data} queueId={queueId} />}
    </Loaded>
  )
}

function MessageParts({ message, queueId }: { message: Message; queueId: string }) {
  const [queue, listeners, attempts] = [useQueue(queueId), useListeners(queueId), useAttempts(queueId, message.id)]
  const [open, setOpen] = useState<'none' | 'delete' | 'move' | 'resend'>('none')
  const close = () => setOpen('none')
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
          {message.status === 'scheduled' ? (
            <>
              <Button icon={CalendarClock} onPress={() => setOpen('move')}>
                Move
              </Button>
              <Button icon={Trash2} onPress={() => setOpen('delete')}>
                Cancel
              </Button>
            </>
          ) : (
            <Button
              icon={RotateCcw}
              isDisabled={redeliver.isPending || settled.length === 0}
              onPress={() => redeliver.mutate(null)}
            >
              Redeliver to all
            </Button>
          )}
          <Menu
            label="More for this message"
            parts={[
              { title: 'Edit and resend', icon: Send, act: () => setOpen('resend') },
              { title: 'Copy as curl', icon: Copy, act: () => void copy(curlOf(queueId, draftOf(message))) },
              { title: 'Delete', icon: Trash2, act: () => setOpen('delete'), danger: true },
            ]}
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
          <Card title="Data" side={<span className="small soft">{sizeAndType(message)}</span>}>
            <div className="payload">
              <Snippet label="Copy the data">{bodyPreview(message)}</Snippet>
            </div>
          </Card>
          <MessageFacts message={message} />
        </div>
      </div>
      <MoveDialog isOpen={open === 'move'} onClose={close} path={path} message={message} />
      {queue.data && (
        <SendDialog isOpen={open === 'resend'} onClose={close} queue={queue.data} from={draftOf(message)} />
      )}
      <DeleteMessage isOpen={open === 'delete'} onClose={close} queueId={queueId} message={message} />
    </Page>
  )
}

function sizeAndType(message: Message): string {
  const size = bytes(bodySize(message))
  return message.content_type === undefined ? size : `${size} · ${message.content_type}`
}
