/** First in, first out, at constant cost however many wait: `shift()` of a long array would move all of them. */
export function createFifo<T>() {
  const entries: T[] = []
  let next = 0

  function add(entry: T): void {
    entries.push(entry)
  }

  function take(): T | undefined {
    if (next === entries.length) return undefined
    const entry = entries[next++]
    if (next * 2 > entries.length) forgetTaken()
    return entry
  }

  // Moves fewer entries than were taken since the last time: constant on average.
  function forgetTaken(): void {
    entries.copyWithin(0, next)
    entries.length -= next
    next = 0
  }

  return { add, take }
}
