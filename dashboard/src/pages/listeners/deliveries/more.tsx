import { Button } from '../../../parts/button.tsx'

/** Goes on in a list that is read page by page; nothing at its end. */
export function More({
  pages,
}: {
  pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}) {
  if (!pages.hasNextPage) return null
  return (
    <div>
      <Button isDisabled={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
        {pages.isFetchingNextPage ? 'Loading …' : 'Show more'}
      </Button>
    </div>
  )
}
