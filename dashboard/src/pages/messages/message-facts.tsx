import type { Message } from '../../api/types.ts'
import { Card, Facts } from '../../parts/page.tsx'
import { Ago } from '../../parts/time.tsx'
import { dateTime } from '../../words/format.ts'

/** What a message says beside its data. */
export function MessageFacts({ message }: { message: Message }) {
  return (
    <Card title="About">
      <Facts
        facts={[
          ['Accepted', <Ago key="at" at={message.created_at} />],
          ['Due', message.deliver_at === message.created_at ? 'at once' : dateTime(message.deliver_at)],
          ['Expires', message.expires_at === undefined ? 'never' : dateTime(message.expires_at)],
          ['Content-Type', message.content_type ?? 'what follows from the data'],
          ['Key', message.key ?? 'none'],
          ['Headers', <HeadersOf key="headers" message={message} />],
          ['Listeners get', <code key="type">webhook-id: {message.id}</code>],
        ]}
      />
    </Card>
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
