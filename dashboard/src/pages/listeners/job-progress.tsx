import { ApiError } from '../../api/client.ts'
import { Button } from '../../parts/button.tsx'

/** How far the server is with what it does in the background. */
export function JobProgress({
  label,
  job,
  expected,
  text,
  error,
  onClose,
}: {
  label: string
  job: { matched: number; done: boolean } | undefined
  /** How many it will be, as far as that is known. */
  expected: number | null
  text: (job: { matched: number; done: boolean }) => string
  error: unknown
  onClose: () => void
}) {
  const matched = job?.matched ?? 0
  const all = Math.max(expected ?? 0, matched)
  const share = job?.done === true || all === 0 ? 1 : matched / all
  return (
    <div className="stack">
      {job && (
        <>
          <div
            className="meter"
            role="progressbar"
            aria-label={label}
            aria-valuemin={0}
            aria-valuemax={all}
            aria-valuenow={matched}
          >
            <i style={{ width: `${share * 100}%` }} />
          </div>
          <p aria-live="polite">{text(job)}</p>
        </>
      )}
      {error instanceof ApiError && <p className="fault">{error.message}</p>}
      <div className="form-foot">
        <Button kind="primary" onPress={onClose}>
          Close
        </Button>
      </div>
    </div>
  )
}
