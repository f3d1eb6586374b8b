import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { call } from '../../api/client.ts'
import type { SchedulePreview } from '../../api/types.ts'

/** When a schedule is due, as the API takes it; what a user is still typing may be wrong. */
export interface When {
  cron?: string | null
  every?: number | string | null
  at?: number | null
  timezone?: string
  starts_at?: number | null
}

/** So long nothing more must be typed before the server is asked. */
const TYPING_MS = 300

/**
 * What the server says of when a schedule would be due. It is asked once typing pauses; an answer to what was typed before
 * is given up. Null asks nothing.
 */
export function usePreview(when: When | null) {
  const asked = useSettled(when === null ? null : JSON.stringify(when))
  const query = useQuery({
    queryKey: ['schedule preview', asked],
    queryFn: ({ signal }) =>
      call<SchedulePreview>('POST', '/schedules/preview', { body: JSON.parse(asked ?? '{}'), signal }),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
  })
  return { preview: query.data, error: query.error, isOld: query.isPlaceholderData }
}

/** A text once it has not changed for a while; the first one at once. */
function useSettled(text: string | null): string | null {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
