import { ApiError } from '../../api/client.ts'
import { inZone } from '../../words/format.ts'
import type { usePreview } from './use-preview.ts'

/** As many due times are shown while typing. */
const SHOWN_RUNS = 5

/** When a schedule would run, in words and as its next runs; nothing for what cannot be, which its field says. */
export function Preview({ preview, error, isOld, zone }: ReturnType<typeof usePreview> & { zone: string }) {
  const passing = error instanceof ApiError && error.faults.length === 0 ? error.message : null
  // While a zone is typed there is none of that name.
  const shownZone = isZone(zone) ? zone : 'UTC'
  return (
    <div className="preview" role="status" aria-label="When it would run">
      {passing !== null && <p className="hint">No preview: {passing}</p>}
      {preview === undefined || error !== null ? null : (
        <div className="stack" aria-busy={isOld}>
          <p>{preview.words}.</p>
          <ol className="small soft num" aria-label="Next times">
            {preview.next_runs.slice(0, SHOWN_RUNS).map((at) => (
              <li key={at}>
                {inZone(at, shownZone)} {shownZone}
              </li>
            ))}
          </ol>
        </div>
      )}
    </div>
  )
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null
  } catch {
    return false
  }
}
