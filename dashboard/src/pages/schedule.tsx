export function SchedulePage(_props: Record<string, string>) {
  return null
}
