import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import { call } from '../../api/client.ts'
import { useLive } from '../../api/live.ts'
import type { EventType, LinkMap, UsageEvent } from '../../api/types.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Choice } from '../../parts/field.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Card, Page } from '../../parts/page.tsx'
import { curl } from '../../parts/snippet.tsx'
import { fullTime, number, plural, timeOfDay } from '../../words/format.ts'

type Category = 'all' | 'messages' | 'queues' | 'listeners' | 'api_keys'

const WORDS: Record<EventType, [string, Tone]> = {
  api_key_added: ['key added', 'plan'],
  api_key_updated: ['key changed', 'none'],
  api_key_deleted: ['key deleted', 'wait'],
  queue_added: ['queue added', 'plan'],
  queue_updated: ['queue changed', 'none'],
  queue_deleted: ['queue deleted', 'wait'],
  listener_added: ['listener added', 'plan'],
  listener_updated: ['listener changed', 'none'],
  listener_deleted: ['listener deleted', 'wait'],
  message_added: ['message accepted', 'none'],
  message_published_ok: ['delivered', 'good'],
  message_published_not_ok: ['attempt failed', 'bad'],
}

interface EventPage {
  events: UsageEvent[]
  _links: LinkMap
}

/** What happened in the past 24 hours, the newest on top as it happens. */
export function EventsPage() {
  const [category, setCategory] = useState<Category>('all')
  const [live, pages] = [useLive(), usePages(category)]
  const shown = useMemo(() => {
    const stored = pages.data?.pages.flatMap(({ events }) => events) ?? []
    const newest = stored[0]?.id ?? ''
    const fresh = live.events.filter((event) => event.id > newest && isOf(event, category))
    return [...fresh, ...stored]
  }, [live.events, pages.data, category])
  return (
    <Page
      title="Usage events"
      lead={live.state === 'on' ? 'The past 24 hours, and what happens right now.' : 'The past 24 hours.'}
      actions={
        <Choice
          label="Show"
          value={category}
          onChange={(value) => setCategory(value as Category)}
          options={[
            ['all', 'Everything'],
            ['messages', 'Messages'],
            ['listeners', 'Listeners'],
            ['queues', 'Queues'],
            ['api_keys', 'API keys'],
          ]}
        />
      }
    >
      <Loaded query={pages} what="the events" scope="events: read">
        {() =>
          shown.length === 0 ? (
            <Empty title="Nothing happened yet" paste={curl('GET', '/events?pretty')}>
              Each message that is accepted and each attempt to deliver it shows here, and so does every change.
            </Empty>
          ) : (
            <>
              {live.omitted > 0 && (
                <p className="small soft" role="status">
                  {number(live.omitted)} more happened too quickly to be shown one by one since you opened this page;
                  the list below has them once you reload it.
                </p>
              )}
              <Card flush>
                <div>
                  {shown.map((event) => (
                    <Row key={event.id} event={event} />
                  ))}
                </div>
              </Card>
              {pages.hasNextPage && (
                <div>
                  <Button isDisabled={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
                    {pages.isFetchingNextPage ? 'Loading …' : 'Show older ones'}
                  </Button>
                </div>
              )}
              <p className="small faint">{plural(shown.length, 'event')} shown.</p>
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

function usePages(category: Category) {
  return useInfiniteQuery({
    queryKey: ['event-pages', category],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const cursor = pageParam === null ? null : new URL(pageParam).searchParams.get('cursor')
      return call<EventPage>('GET', '/events', { query: { events: category, ...(cursor && { cursor }) }, signal })
    },
    getNextPageParam: ({ _links }) => _links.next?.href ?? null,
  })
}

function isOf({ type }: UsageEvent, category: Category): boolean {
  if (category === 'all') return true
  const nouns = { messages: 'message_', queues: 'queue_', listeners: 'listener_', api_keys: 'api_key_' }
  return type.startsWith(nouns[category])
}

function Row({ event }: { event: UsageEvent }) {
  const [words, tone] = WORDS[event.type] ?? [event.type, 'none']
  const subject = event.message ?? event.listener ?? event.queue ?? event.api_key
  const name = subject?.name ?? ''
  const linkTo = pageOf(event)
  return (
    <div className="feed-row">
      <time
        className="num soft small"
        dateTime={new Date(event.stored_at).toISOString()}
        title={fullTime(event.stored_at)}
      >
        {timeOfDay(event.stored_at)}
      </time>
      <span>
        <Badge tone={tone}>{words}</Badge>
      </span>
      <span className={name === subject?.id ? 'clip mono' : 'clip'}>
        {linkTo === null ? name : <Link href={linkTo}>{name}</Link>}
        {event.message && event.listener && <span className="soft"> to {event.listener.name}</span>}
      </span>
    </div>
  )
}

/** Where the subject of an event is shown; null where it is not any more. */
function pageOf({ type, queue, message }: UsageEvent): string | null {
  if (queue === undefined || type === 'queue_deleted') return null
  return message === undefined ? `/queues/${queue.id}` : `/queues/${queue.id}/messages/${message.id}`
}
