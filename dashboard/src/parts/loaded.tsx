import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError } from '../api/client.ts'
import { Button } from './button.tsx'

/**
 * Shows what a query brought, or why it brought nothing: `what` names it ("the queues"), `scope` is what a key needs
 * to see it.
 */
export function Loaded<Data>({
  query,
  what,
  scope,
  bones = 220,
  children,
}: {
  query: Pick<UseQueryResult<Data>, 'data' | 'error' | 'isPending' | 'refetch' | 'failureReason'>
  what: string
  scope?: string
  /** Height of what stands in its place meanwhile. */
  bones?: number
  children: (data: Data) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.error instanceof ApiError) {
    return <Trouble error={query.error} what={what} scope={scope} again={() => void query.refetch()} />
  }
  if (query.error) throw query.error
  const failure = query.failureReason instanceof ApiError ? query.failureReason : null
  // It is asked again, but so much later that the reason is told at once.
  if (failure?.isLockedOut) {
    return <Trouble error={failure} what={what} scope={scope} again={() => void query.refetch()} />
  }
  const waiting = failure?.message ?? null
  return (
    <div className="bones" style={{ minHeight: bones }} aria-busy="true">
      <span className="unseen">Loading {what}</span>
      {waiting && <p className="small soft">{waiting} Trying again …</p>}
    </div>
  )
}

function Trouble({
  error,
  what,
  scope,
  again,
}: {
  error: ApiError
  what: string
  scope: string | undefined
  again: () => void
}) {
  return (
    <div className="empty" role="alert">
      <h2>{titleOf(error, what)}</h2>
      <p>{adviceOf(error, scope)}</p>
      {!error.isForbidden && !error.isMissing && <Button onPress={again}>Try again</Button>}
    </div>
  )
}

function titleOf(error: ApiError, what: string): string {
  if (error.isLockedOut) return 'This address is locked out'
  if (error.isForbidden) return `This key may not see ${what}`
  if (error.status === 404) return `There is no trace of ${what}`
  if (error.status === 501 || error.status === 405) return `This server does not have ${what}`
  if (error.status === 429) return 'Too many requests'
  return `Could not load ${what}`
}

function adviceOf(error: ApiError, scope: string | undefined): string {
  if (error.isLockedOut) {
    const seconds = Math.ceil((error.retryAfterMs ?? 0) / 1000)
    return `Too many wrong keys came from it, or from others behind the same proxy. The key is not at fault; try again in ${seconds} s.`
  }
  if (error.isForbidden && scope !== undefined) {
    return `It lacks the scope “${scope}”. An owner key can grant that, or sign in with another key.`
  }
  if (error.status === 404) {
    return 'It may have been deleted, belong to another organization, or this server may be older than the page.'
  }
  if (error.status === 501 || error.status === 405) {
    return 'The feature is switched off in its configuration, or this version came without it.'
  }
  return error.message
}
