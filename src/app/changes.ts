/** What was named in a change. A property that is there but undefined would otherwise hide the value below it. */
export function named<Change extends object>(change: Change): Change {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Change
}
