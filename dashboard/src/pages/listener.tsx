export function ListenerPage(_props: Record<string, string>) {
  return null
}
