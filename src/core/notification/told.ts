/** What an organization has been told: the incidents that are open, and how much it was told lately. Kept as JSON. */
export interface Told {
  incidents: Incidents
  /** The minute (since the epoch) that `count` is of. */
  minute: number
  count: number
  /** What was not told since the last `suppressed`. */
  suppressed: number
  /** By type and subject, when it was told last (epoch ms); those of the past minute alone. */
  lastAt: Record<string, number>
}

/** Ids of what was told and goes on. */
interface Incidents {
  /** The queue that they were told on; another one begins anew. */
  queueId: string
  down: string[]
  disabled: string[]
  /** By listener, how many missed deliveries are known. */
  missed: Record<string, number>
  /** By queue, its name. */
  backlog: Record<string, string>
  /** By schedule, the due time of the failed run that was told. */
  failed: Record<string, number>
  quotas: string[]
}

export function nothingTold(queueId: string): Told {
  const incidents = { queueId, down: [], disabled: [], missed: {}, backlog: {}, failed: {}, quotas: [] }
  return { incidents, minute: 0, count: 0, suppressed: 0, lastAt: {} }
}

export function writtenTold(told: Told): string {
  return JSON.stringify(told)
}

export function toldOf(written: string): Told {
  return JSON.parse(written) as Told
}

/** Listeners that were told of: how they stand now is asked, whatever it is. */
export function knownListeners({ incidents: { down, disabled, missed } }: Told): string[] {
  return [...new Set([...down, ...disabled, ...Object.keys(missed)])]
}
