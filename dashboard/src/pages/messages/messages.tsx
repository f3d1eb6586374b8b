import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useFilters, useOpened } from '../../address.ts'
import { ApiError } from '../../api/client.ts'
import { queueOf } from '../../api/message-queue.ts'
import { useQueues } from '../../api/queries.ts'
import type { Queue } from '../../api/types.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Choice, Field } from '../../parts/field.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Card, Page } from '../../parts/page.tsx'
import { curl } from '../../parts/snippet.tsx'
import { useChange } from '../../parts/use-change.ts'
import { MessageFinder } from './message-finder.tsx'
import { SendDialog } from './send-dialog.tsx'

export function MessagesPage() {
  const queues = useQueues()
  return (
    <Page title="Messages" lead="Find one, and follow its way to every listener.">
      <Loaded query={queues} what="the queues" scope="queues: read">
        {(all) =>
          all.length === 0 ? (
            <Empty title="No queue, so no messages" paste={curl('POST', '/queues', { name: 'orders' })}>
              Messages are put on a queue. Make one on the <Link href="/queues">page of queues</Link> first.
            </Empty>
          ) : (
            <Finder queues={all} />
          )
        }
      </Loaded>
    </Page>
  )
}

function Finder({ queues }: { queues: Queue[] }) {
  const [address, choose] = useFilters()
  const [sending, setSending] = useOpened()
  const queue = queues.find(({ id }) => id === address.get('queue')) ?? null
  const busiest = [...queues].sort((a, b) => b.updated_at - a.updated_at)[0]!
  return (
    <div className="stack">
      <div className="columns">
        <Choice
          label="Queue"
          value={queue?.id ?? ''}
          // A listener is one of a queue.
          onChange={(id) => choose({ ...Object.fromEntries(address), listener: null, queue: id })}
          options={[['', 'All queues'], ...queues.map(({ id, name }): [string, string] => [id, name])]}
        />
        <ById />
      </div>
      <Card>
        <MessageFinder key={queue?.id ?? 'all'} queue={queue} onSend={() => setSending(true)} />
      </Card>
      <SendDialog isOpen={sending} onClose={() => setSending(false)} queue={queue ?? busiest} />
    </div>
  )
}

function ById() {
  const [id, setId] = useState('')
  const [, go] = useLocation()
  const find = useChange(queueOf, {
    after: (queueId) => go(`/queues/${queueId}/messages/${id.trim()}`),
  })
  return (
    <form
      className="row"
      style={{ alignItems: 'flex-end', flexWrap: 'nowrap' }}
      onSubmit={(event) => {
        event.preventDefault()
        if (id.trim() !== '') find.mutate(id.trim())
      }}
    >
      <div className="grow">
        <Field
          label="Or open by id, in any queue"
          value={id}
          onChange={setId}
          mono
          fault={find.error === null ? undefined : faultOf(find.error)}
        />
      </div>
      <Button type="submit" isDisabled={find.isPending}>
        Open
      </Button>
    </form>
  )
}

function faultOf(error: Error): string {
  const isUnknown = error instanceof ApiError && error.status === 404
  return isUnknown ? 'No message of any queue has this id; it may have been removed by now.' : error.message
}
