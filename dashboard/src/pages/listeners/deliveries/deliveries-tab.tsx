import { RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useFilters } from '../../../address.ts'
import { type DeliveryStatus, useDeliveries } from '../../../api/listener-deliveries.ts'
import { Button } from '../../../parts/button.tsx'
import { Empty } from '../../../parts/empty.tsx'
import { Choice } from '../../../parts/field.tsx'
import { Loaded } from '../../../parts/loaded.tsx'
import { Table } from '../../../parts/table.tsx'
import { useChange } from '../../../parts/use-change.ts'
import { plural } from '../../../words/format.ts'
import { columnsFor, type Row } from './delivery-columns.tsx'
import { More } from './more.tsx'
import { redeliverSome } from './redeliver-some.ts'

const STATUSES: [DeliveryStatus, string][] = [
  ['pending', 'Waits'],
  ['missed', 'Missed'],
  ['delivered', 'Delivered'],
]
const NOTHING: Record<DeliveryStatus, string> = {
  pending: 'Nothing waits for this listener',
  missed: 'Nothing was missed',
  delivered: 'Nothing was delivered yet',
}

/** What waits for a listener and for what, what it missed and why, what it got; some or all can be sent once more. */
export function DeliveriesTab({
  queueId,
  listenerId,
  onRedeliverAll,
  onDiscard,
}: {
  queueId: string
  listenerId: string
  onRedeliverAll: () => void
  onDiscard: () => void
}) {
  const [chosen, choose] = useFilters()
  const status = STATUSES.find(([one]) => one === chosen.get('status'))?.[0] ?? 'pending'
  const pages = useDeliveries({ queueId, listenerId }, status)
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const redeliver = useChange((ids: string[]) => redeliverSome({ queueId, listenerId }, ids), {
    said: (count) => `${plural(count, 'message is', 'messages are')} on the way again.`,
    after: () => setPicked(new Set()),
  })
  const rows = (pages.data?.pages ?? []).flatMap(({ entries }) =>
    entries.map((one): Row => ({ ...one, id: one.message.id, queueId, isPicked: picked.has(one.message.id) })),
  )
  // What has left the list meanwhile is chosen no more.
  const chosenIds = rows.filter(({ isPicked }) => isPicked).map(({ id }) => id)
  const pick = (id: string, isPicked: boolean) => {
    const ids = new Set(picked)
    if (isPicked) ids.add(id)
    else ids.delete(id)
    setPicked(ids)
  }
  return (
    <div className="stack">
      <div className="filters">
        <Choice
          label="Which"
          value={status}
          options={STATUSES}
          onChange={(value) => {
            setPicked(new Set())
            choose({ status: value })
          }}
        />
        <div className="row">
          <Button
            icon={RotateCcw}
            isDisabled={chosenIds.length === 0 || redeliver.isPending}
            onPress={() => redeliver.mutate(chosenIds)}
          >
            {chosenIds.length === 0 ? 'Redeliver the chosen' : `Redeliver ${plural(chosenIds.length, 'message')}`}
          </Button>
          <Button
            kind="quiet"
            isDisabled={rows.length === 0}
            onPress={() => setPicked(chosenIds.length < rows.length ? new Set(rows.map(({ id }) => id)) : new Set())}
          >
            {chosenIds.length < rows.length || rows.length === 0 ? 'Choose all shown' : 'Choose none'}
          </Button>
          <Button kind="quiet" onPress={onRedeliverAll}>
            Redeliver by time …
          </Button>
          <Button kind="quiet" icon={Trash2} onPress={onDiscard}>
            Discard …
          </Button>
        </div>
      </div>
      {redeliver.error && (
        <p className="fault" role="alert">
          {redeliver.error.message}
        </p>
      )}
      <Loaded query={pages} what="the deliveries" scope="messages: read">
        {() =>
          rows.length === 0 && !pages.hasNextPage ? (
            <Empty title={NOTHING[status]}>Choose others above, or look at its attempts.</Empty>
          ) : (
            <>
              <Table label="Deliveries" columns={columnsFor(status, pick)} rows={rows} />
              <More pages={pages} />
            </>
          )
        }
      </Loaded>
    </div>
  )
}
