import { RefreshCw, Send } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useFilters } from '../../address.ts'
import { ApiError } from '../../api/client.ts'
import { useLive } from '../../api/live.ts'
import { queueOf } from '../../api/message-queue.ts'
import { type MessageFilter, type QueueMessage, useMessages } from '../../api/queries.ts'
import type { Queue } from '../../api/types.ts'
import { isId } from '../../palette/entries.ts'
import { MessageBadge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { curl } from '../../parts/snippet.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { exactNumber, fullTime, number } from '../../words/format.ts'
import { addressOf, draftIn, filterOf, NO_SEARCH, type SearchDraft } from './search-filter.ts'
import { SearchForm } from './search-form.tsx'

/** Finds messages of a queue, or of all, and shows them, newest first, however many there are. */
export function MessageFinder({ queue, onSend }: { queue: Queue | null; onSend: () => void }) {
  const [address, choose] = useFilters()
  const [lost, setLost] = useState<string | null>(null)
  const [, go] = useLocation()
  const draft = draftIn(address)
  const filter = filterOf(draft)
  const find = async (asked: SearchDraft) => {
    setLost(null)
    const text = asked.text.trim()
    const queueId = asked.by === 'id' || isId(text) ? await queueOfMessage(text) : null
    if (queueId !== null) return go(`/queues/${queueId}/messages/${text}`)
    if (asked.by === 'id')
      return setLost(`No message of any queue has the id ${text}; it may have been removed by now.`)
    const kept = address.get('queue')
    choose({ ...(kept && { queue: kept }), ...addressOf(asked) })
  }
  return (
    <div className="stack">
      <SearchForm
        // What the address says otherwise than the form, as after going back, is what the form begins with anew.
        key={JSON.stringify(draft)}
        queue={queue}
        asked={Object.keys(filter).length === 0 ? NO_SEARCH : draft}
        onFind={(asked) => void find(asked)}
      />
      {lost && (
        <p className="fault" role="alert">
          {lost}
        </p>
      )}
      <MessageList queue={queue} filter={filter} onSend={onSend} />
    </div>
  )
}

/** Null where no queue has it. */
async function queueOfMessage(id: string): Promise<string | null> {
  if (!isId(id)) return null
  try {
    return await queueOf(id)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}

/** The list keeps still while it is read: what comes meanwhile is announced above it. */
function MessageList({ queue, filter, onSend }: { queue: Queue | null; filter: MessageFilter; onSend: () => void }) {
  const pages = useMessages(queue?.id ?? null, filter)
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
            paste={curl('POST', `/queues/${queue?.id ?? 'ID-OF-A-QUEUE'}/messages`, { data: '{"order":1}' })}
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
            Names, keys and texts must be given exactly. Messages are kept for a limited time.
          </Empty>
        ) : (
          <>
            <Fresh onShow={() => void pages.refetch()} shownAt={pages.dataUpdatedAt} />
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
function Fresh({ onShow, shownAt }: { onShow: () => void; shownAt: number }) {
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
