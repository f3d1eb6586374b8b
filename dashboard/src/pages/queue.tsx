export function QueuePage(_props: Record<string, string>) {
  return null
}
