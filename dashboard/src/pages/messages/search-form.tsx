import { Search } from 'lucide-react'
import { useState } from 'react'
import type { Queue } from '../../api/types.ts'
import { Button } from '../../parts/button.tsx'
import { Choice, Field, Moment } from '../../parts/field.tsx'
import { NO_SEARCH, type SearchBy, type SearchDraft, textFault } from './search-filter.ts'

const BYS: [SearchBy, string][] = [
  ['contains', 'Text in the data'],
  ['data', 'Value in the data'],
  ['name', 'Name'],
  ['key', 'Key'],
  ['id', 'Id'],
]
const LABELS: Record<SearchBy, string> = {
  contains: 'Which contains',
  data: 'Path = value',
  name: 'Which is exactly',
  key: 'Which is exactly',
  id: 'Which is exactly',
}
const STATUSES: [string, string][] = [
  ['', 'Any'],
  ['pending', 'Pending'],
  ['delivered', 'Delivered'],
  ['missed', 'Missed'],
  ['scheduled', 'Scheduled'],
  ['expired', 'Expired'],
  ['discarded', 'Discarded'],
  ['unrouted', 'Unrouted'],
]

/** What messages are searched by; Enter or *Find* searches. */
export function SearchForm({
  queue,
  asked,
  onFind,
}: {
  /** Null: all queues, whose listeners are too many to choose from. */
  queue: Queue | null
  asked: SearchDraft
  onFind: (draft: SearchDraft) => void
}) {
  const [draft, setDraft] = useState(asked)
  const fault = textFault(draft)
  return (
    <form
      className="filters"
      aria-label="Find messages"
      onSubmit={(event) => {
        event.preventDefault()
        if (fault === undefined) onFind(draft)
      }}
    >
      <Choice
        label="Find by"
        value={draft.by}
        onChange={(by) => setDraft({ ...draft, by: by as SearchBy })}
        options={BYS}
      />
      <Field
        label={LABELS[draft.by]}
        value={draft.text}
        onChange={(text) => setDraft({ ...draft, text })}
        mono
        autoFocus={queue === null}
        placeholder={draft.by === 'data' ? 'order.id=17' : undefined}
        fault={fault}
      />
      <Choice
        label="Status"
        value={draft.status}
        onChange={(status) => setDraft({ ...draft, status })}
        options={STATUSES}
      />
      {queue !== null && queue.listeners.length > 0 && (
        <Choice
          label="Listener"
          value={draft.listener}
          onChange={(listener) => setDraft({ ...draft, listener })}
          options={[['', 'Any'], ...queue.listeners.map(({ id, name }): [string, string] => [id, name])]}
        />
      )}
      <Moment label="Accepted since" value={draft.since} onChange={(since) => setDraft({ ...draft, since })} />
      <Moment label="Accepted until" value={draft.until} onChange={(until) => setDraft({ ...draft, until })} />
      <div className="row">
        <Button type="submit" kind="primary" icon={Search}>
          Find
        </Button>
        {asked !== NO_SEARCH && (
          <Button
            kind="quiet"
            onPress={() => {
              setDraft(NO_SEARCH)
              onFind(NO_SEARCH)
            }}
          >
            Clear
          </Button>
        )}
      </div>
    </form>
  )
}
