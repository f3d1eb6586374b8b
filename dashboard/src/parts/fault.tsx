import type { ApiError } from '../api/client.ts'

/** What went wrong with a change, in the server's own words. */
export function Fault({ error }: { error: ApiError }) {
  return (
    <div className="fault" role="alert">
      {error.message}
      {error.faults.length > 0 && (
        <ul>
          {error.faults.map(({ path, message }) => (
            <li key={path + message}>
              <code>{path || 'the whole'}</code> {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
