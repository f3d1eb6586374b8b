import { CircleCheck, OctagonAlert, TriangleAlert } from 'lucide-react'
import { Suspense, useState } from 'react'
import { Link } from 'wouter'
import { call } from '../../api/client.ts'
import { lazyPage } from '../../lazy-page.ts'
import { Button } from '../../parts/button.tsx'
import { Ago } from '../../parts/time.tsx'
import { useChange } from '../../parts/use-change.ts'
import { plural } from '../../words/format.ts'
import type { Concern, Remedy } from './attention.ts'

// Only an operator who mends something needs them: they are no part of the first load.
const RedeliverDialog = lazyPage(async () => (await import('../listeners/redeliver-dialog.tsx')).RedeliverDialog)
const CheckDialog = lazyPage(async () => (await import('../listeners/check-dialog.tsx')).CheckDialog)

const SHOWN = 8

/** What needs attention, each with one press that mends it or shows why it fails. */
export function Concerns({ concerns }: { concerns: Concern[] }) {
  const [opened, setOpened] = useState<Remedy | null>(null)
  if (concerns.length === 0) {
    return (
      <p className="row card-body" style={{ color: 'var(--good)' }}>
        <CircleCheck size={18} aria-hidden /> All is well: no listener is down, nothing was missed.
      </p>
    )
  }
  return (
    <>
      <ul className="attention">
        {concerns.slice(0, SHOWN).map((concern) => (
          <Row key={concern.id} concern={concern} onOpen={setOpened} />
        ))}
        {concerns.length > SHOWN && (
          <li>
            <span />
            <span className="soft">and {plural(concerns.length - SHOWN, 'more')}</span>
          </li>
        )}
      </ul>
      <Suspense>{opened !== null && <Opened remedy={opened} onClose={() => setOpened(null)} />}</Suspense>
    </>
  )
}

function Row({ concern, onOpen }: { concern: Concern; onOpen: (remedy: Remedy) => void }) {
  const { tone, what, why, since, to, remedy } = concern
  const Icon = tone === 'bad' ? OctagonAlert : TriangleAlert
  return (
    <li>
      <Icon size={17} style={{ color: `var(--${tone})` }} aria-label={tone === 'bad' ? 'serious' : 'warning'} />
      <span className="grow">
        <Link href={to}>{what}</Link>
        <span className="soft"> {why}</span>
        {since !== null && (
          <span className="small faint">
            {' '}
            {since.word} <Ago at={since.at} />
          </span>
        )}
      </span>
      {remedy !== null && <Mend remedy={remedy} what={what} onOpen={onOpen} />}
    </li>
  )
}

const VERBS = { enable: 'Enable', resume: 'Resume', redeliver: 'Redeliver', check: 'Check' }

function Mend({ remedy, what, onOpen }: { remedy: Remedy; what: string; onOpen: (remedy: Remedy) => void }) {
  const mend = useChange(() => mended(remedy), {
    said: remedy.kind === 'resume' ? 'The queue delivers again.' : 'The listener is enabled: what waits is sent.',
  })
  const opens = remedy.kind === 'redeliver' || remedy.kind === 'check'
  return (
    <span>
      <Button
        size="small"
        aria-label={`${VERBS[remedy.kind]}: ${what}`}
        isDisabled={mend.isPending}
        onPress={() => (opens ? onOpen(remedy) : mend.mutate())}
      >
        {VERBS[remedy.kind]}
      </Button>
      {mend.error && <span className="fault">{mend.error.message}</span>}
    </span>
  )
}

async function mended(remedy: Remedy): Promise<void> {
  if (remedy.kind === 'resume') await call('PATCH', `/queues/${remedy.queue.id}`, { body: { paused: false } })
  else await call('PATCH', pathOf(remedy.listener), { body: { status: 'enabled' } })
}

function pathOf({ queue_id, id }: { queue_id: string; id: string }): string {
  return `/queues/${queue_id}/listeners/${id}`
}

function Opened({ remedy, onClose }: { remedy: Remedy; onClose: () => void }) {
  if (remedy.kind === 'resume' || remedy.kind === 'enable') return null
  const { listener } = remedy
  if (remedy.kind === 'check')
    return <CheckDialog isOpen onClose={onClose} path={pathOf(listener)} name={listener.name} />
  return <RedeliverDialog isOpen onClose={onClose} queueId={listener.queue_id} listener={listener} />
}
