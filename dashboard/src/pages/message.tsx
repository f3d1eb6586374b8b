export function MessagePage(_props: Record<string, string>) {
  return null
}
