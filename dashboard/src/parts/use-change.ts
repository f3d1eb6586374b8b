import { useMutation } from '@tanstack/react-query'
import { cache } from '../api/cache.ts'
import { say } from './toasts.tsx'

/** A change of something on the server: afterwards everything that is shown is asked for anew. */
export function useChange<Answer, Ask = void>(
  act: (ask: Ask) => Promise<Answer>,
  { said, after }: { said?: string | ((answer: Answer) => string); after?: (answer: Answer) => void } = {},
) {
  return useMutation({
    mutationFn: act,
    onSuccess(answer) {
      if (said !== undefined) say(typeof said === 'string' ? said : said(answer))
      after?.(answer)
      void cache.invalidateQueries()
    },
  })
}
