import { CircleCheck, CircleMinus, OctagonAlert } from 'lucide-react'
import { ApiError, call } from '../../api/client.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Fault } from '../../parts/fault.tsx'
import { Snippet } from '../../parts/snippet.tsx'
import { useChange } from '../../parts/use-change.ts'
import { duration } from '../../words/format.ts'

interface Check {
  passed: boolean
  phases: { name: string; verdict: string; duration: number; error?: string }[]
  addresses: string[]
  status?: number
  response: string
}

const PHASE_WORDS: Record<string, string> = {
  resolve: 'Find its address',
  target: 'Judge whether the server may go there',
  connect: 'Connect',
  tls: 'Agree on TLS',
  send: 'Send a signed test message',
}

/** Tries a delivery to a listener, phase by phase; nothing is stored. */
export function CheckDialog({
  isOpen,
  onClose,
  path,
  name,
}: {
  isOpen: boolean
  onClose: () => void
  path: string
  name: string
}) {
  const check = useChange(async () => (await call<{ check: Check }>('POST', `${path}/check`)).check)
  const close = () => {
    check.reset()
    onClose()
  }
  return (
    <Dialog title={`Check ${name}`} isOpen={isOpen} onClose={close}>
      <p className="soft">
        The server resolves the address, connects, and sends a signed test message, marked as one by the header
        discue-test. The listener really gets it; nothing is stored here.
      </p>
      <div aria-live="polite" className="stack">
        {check.data && <Report check={check.data} />}
        {check.error instanceof ApiError &&
          (check.error.isMissing ? (
            <p className="soft">This server cannot check listeners yet: {check.error.message}</p>
          ) : (
            <Fault error={check.error} />
          ))}
      </div>
      <div className="form-foot">
        <Button onPress={close}>Close</Button>
        <Button kind="primary" autoFocus isDisabled={check.isPending} onPress={() => check.mutate()}>
          {check.isPending ? 'Checking …' : check.data ? 'Check again' : 'Check now'}
        </Button>
      </div>
    </Dialog>
  )
}

function Report({ check: { passed, phases, addresses, status, response } }: { check: Check }) {
  return (
    <>
      <p style={{ color: `var(--${passed ? 'good' : 'bad'})` }}>
        <strong>{passed ? 'A delivery would be acknowledged.' : 'A delivery would fail.'}</strong>
      </p>
      <ul className="stack">
        {phases.map((phase) => (
          <li key={phase.name} className="row">
            <PhaseIcon verdict={phase.verdict} />
            <span className="grow">{PHASE_WORDS[phase.name] ?? phase.name}</span>
            <span className="soft num">
              {phase.error ??
                (phase.verdict === 'passed' ? duration(phase.duration) : phase.verdict.replaceAll('_', ' '))}
            </span>
          </li>
        ))}
      </ul>
      {addresses.length > 0 && <p className="small soft">Address: {addresses.join(', ')}</p>}
      {status !== undefined && <Snippet label="Copy the answer">{`${status}\n${response}`.trim()}</Snippet>}
    </>
  )
}

function PhaseIcon({ verdict }: { verdict: string }) {
  if (verdict === 'passed') return <CircleCheck size={16} style={{ color: 'var(--good)' }} aria-label="passed" />
  if (verdict === 'failed') return <OctagonAlert size={16} style={{ color: 'var(--bad)' }} aria-label="failed" />
  return <CircleMinus size={16} style={{ color: 'var(--ink-faint)' }} aria-label={verdict.replaceAll('_', ' ')} />
}
