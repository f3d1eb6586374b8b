import type { Listener } from '../../api/types.ts'
import { Card, Facts } from '../../parts/page.tsx'
import { curl, Snippet } from '../../parts/snippet.tsx'
import { address } from './settings/address.tsx'
import { SECTIONS } from './settings/sections.ts'

/** How it wants to be served. */
export function ListenerSettings({ listener }: { listener: Listener }) {
  const sections = SECTIONS.filter(({ pushOnly }) => listener.notify_url !== null || !pushOnly)
  return (
    <Card title="Settings">
      <Facts
        facts={[
          ...address.facts(listener),
          ...sections.flatMap((section) => section.facts(listener)),
          ['Id', <code key="id">{listener.id}</code>],
        ]}
      />
    </Card>
  )
}

/** What a program does that pulls. */
export function PullCard({ queueId, listener }: { queueId: string; listener: Listener }) {
  const path = `/queues/${queueId}/listeners/${listener.id}`
  return (
    <Card title="Pull its messages">
      <div className="stack">
        <p className="soft">
          Ask for some, which waits up to 30 s for them; what is not acknowledged in time comes again.
        </p>
        <Snippet>{curl('POST', `${path}/pull`, { max: 10, wait: 30_000 })}</Snippet>
        <p className="soft">Acknowledge with the receipts of what was taken care of.</p>
        <Snippet>{curl('POST', `${path}/ack`, { receipts: ['…'] })}</Snippet>
      </div>
    </Card>
  )
}
