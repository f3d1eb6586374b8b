import { RefreshCw, Search, Send } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { ApiError, call } from '../../api/client.ts'
import { useLive } from '../../api/live.ts'
import { type MessageFilter, type QueueMessage, useMessages } from '../../api/queries.ts'
import type { MessageStatus, Queue } from '../../api/types.ts'
import { MessageBadge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Choice, Field, Moment } from '../../parts/field.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { curl } from '../../parts/snippet.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { exactNumber, fullTime, number } from '../../words/format.ts'

const ID = /^[0-9A-Za-z]{21}$/

interface Draft {
  text: string
  by: 'name' | 'key' | 'id'
  status: MessageStatus | ''
  since: number | null
  until: number | null
}

const EMPTY: Draft = { text: '', by: 'name', status: '', since: null, until: null }

/** Finds messages of a queue, and shows them, newest first, however many there are. */
export function MessageFinder({ queue, onSend }: { queue: Queue; onSend: () => void }) {
  const [draft, setDraft] = useState(EMPTY)
  const [filter, setFilter] = useState<MessageFilter>({})
  const [lost, setLost] = useState<string | null>(null)
  const [, go] = useLocation()
  const find = async () => {
    setLost(null)
    const text = draft.text.trim()
    if (draft.by === 'id' || (ID.test(text) && (await exists(queue.id, text)))) {
      if (await exists(queue.id, text)) go(`/queues/${queue.id}/messages/${text}`)
      else setLost(`No message of this queue has the id ${text}.`)
      return
    }
    setFilter({
      ...(text && { [draft.by]: text }),
      ...(draft.status && { status: draft.status }),
      ...(draft.since !== null && { since: draft.since }),
      ...(draft.until !== null && { until: draft.until }),
    })
  }
  const clear = () => {
    setDraft(EMPTY)
    setFilter({})
    setLost(null)
  }
  return (
    <div className="stack">
      <form
        className="filters"
        aria-label="Find messages"
        onSubmit={(event) => {
          event.preventDefault()
          void find()
        }}
      >
        <Choice
          label="Find by"
          value={draft.by}
          onChange={(by) => setDraft({ ...draft, by: by as Draft['by'] })}
          options={[
            ['name', 'Name'],
            ['key', 'Key'],
            ['id', 'Id'],
          ]}
        />
        <Field label="Which is exactly" value={draft.text} onChange={(text) => setDraft({ ...draft, text })} mono />
        <Choice
          label="Status"
          value={draft.status}
          onChange={(status) => setDraft({ ...draft, status: status as Draft['status'] })}
          options={[
            ['', 'Any'],
            ['pending', 'Pending'],
            ['delivered', 'Delivered'],
            ['missed', 'Missed'],
            ['scheduled', 'Scheduled'],
            ['expired', 'Expired'],
            ['discarded', 'Discarded'],
            ['unrouted', 'Unrouted'],
          ]}
        />
        <Moment label="Accepted since" value={draft.since} onChange={(since) => setDraft({ ...draft, since })} />
        <Moment label="Accepted until" value={draft.until} onChange={(until) => setDraft({ ...draft, until })} />
        <div className="row">
          <Button type="submit" kind="primary" icon={Search}>
            Find
          </Button>
          {Object.keys(filter).length > 0 && (
            <Button kind="quiet" onPress={clear}>
              Clear
            </Button>
          )}
        </div>
      </form>
      {lost && (
        <p className="fault" role="alert">
          {lost}
        </p>
      )}
      <MessageList queue={queue} filter={filter} onSend={onSend} />
    </div>
  )
}

async function exists(queueId: string, id: string): Promise<boolean> {
  if (!ID.test(id)) return false
  try {
    await call('GET', `/queues/${queueId}/messages/${id}`)
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false
    throw error
  }
}

/** The list keeps still while it is read: what comes meanwhile is announced above it. */
function MessageList({ queue, filter, onSend }: { queue: Queue; filter: MessageFilter; onSend: () => void }) {
  const pages = useMessages(queue.id, filter)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages
  const filtered = Object.keys(filter).length > 0
  const rows = useMemo(() => (pages.data?.pages ?? []).flatMap(({ messages }) => messages), [pages.data])
  const more = () => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }
  const empty = rows.length === 0 && !hasNextPage
  // A search may look at many messages without finding one: it goes on by itself for a while.
  const looked = pages.data?.pages.length ?? 0
  useEffect(() => {
    if (rows.length === 0 && hasNextPage && !isFetchingNextPage && looked < 50) void fetchNextPage()
  }, [rows.length, hasNextPage, isFetchingNextPage, looked, fetchNextPage])
  return (
    <Loaded query={{ ...pages, data: pages.data }} what="the messages" scope="messages: read">
      {() =>
        empty && !filtered ? (
          <Empty
            title="No message yet"
            paste={curl('POST', `/queues/${queue.id}/messages`, { data: '{"order":1}' })}
            action={
              <Button kind="primary" icon={Send} onPress={onSend}>
                Send a message
              </Button>
            }
          >
            Send one from here, or paste this line into a terminal.
          </Empty>
        ) : empty ? (
          <Empty title="No message fits">
            Names and keys must be given exactly. Messages are kept for a limited time.
          </Empty>
        ) : (
          <>
            <Fresh queueId={queue.id} onShow={() => void pages.refetch()} shownAt={pages.dataUpdatedAt} />
            <Table
              label="Messages"
              columns={COLUMNS}
              rows={rows}
              total={hasNextPage ? undefined : rows.length}
              onEnd={hasNextPage || rows.length > 60 ? more : undefined}
              foot={
                hasNextPage
                  ? `${exactNumber(rows.length)} so far${isFetchingNextPage ? ', looking for more …' : '; more as you scroll'}`
                  : `${exactNumber(rows.length)} in all`
              }
            />
            {hasNextPage && rows.length < 60 && (
              <div>
                <Button onPress={more} isDisabled={isFetchingNextPage}>
                  Look further back
                </Button>
              </div>
            )}
          </>
        )
      }
    </Loaded>
  )
}

/** What the stream told of since the list was read. */
function Fresh({ onShow, shownAt }: { queueId: string; onShow: () => void; shownAt: number }) {
  const { rates } = useLive()
  const added = rates.reduce((sum, rate) => (rate.at > shownAt ? sum + rate.added : sum), 0)
  if (added === 0) return null
  return (
    <div>
      <Button size="small" icon={RefreshCw} onPress={onShow}>
        {number(added)} accepted meanwhile: show the newest
      </Button>
    </div>
  )
}

const COLUMNS: Column<QueueMessage>[] = [
  {
    title: 'Message',
    width: 'minmax(0, 1.7fr)',
    cell: ({ id, name, queueId }) => (
      <Link href={`/queues/${queueId}/messages/${id}`} className={name === id ? 'clip mono' : 'clip'}>
        {name}
      </Link>
    ),
  },
  { title: 'Status', width: '112px', cell: ({ status }) => <MessageBadge status={status} /> },
  {
    title: 'Data',
    width: 'minmax(0, 2.4fr)',
    phone: 'wide',
    cell: ({ data }) => <code className="clip soft">{data}</code>,
  },
  {
    title: 'Key',
    width: 'minmax(0, 0.8fr)',
    phone: 'hide',
    cell: ({ key }) => <span className="clip soft">{key ?? ''}</span>,
  },
  {
    title: 'Accepted',
    width: '104px',
    align: 'end',
    cell: ({ created_at }) => (
      <span title={fullTime(created_at)}>
        <Ago at={created_at} />
      </span>
    ),
  },
]
