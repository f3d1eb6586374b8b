import type { Cancel, Runtime } from '../../../runtime.ts'
import { adviceOn, afterFailure, afterFound, type KnownName, NOTHING_KNOWN } from './known-name.ts'
import { LOOK_UP_LIMIT_MS, type LookUp } from './look-up.ts'
import { LookUpLine } from './look-up-line.ts'
import { NameError } from './name-error.ts'

/** Is told the addresses of a name, at least one, or why there are none. */
type NamesFound = (error: NameError | null, addresses: readonly string[]) => void

/** What a look-up is asked for, and by which organization. */
export interface NameAsk {
  /** Look-ups are shared fairly by it: the organization that it is for, or '' for what is the server's own. */
  asker: string
  /** A failure that is remembered does not count: the name is asked for again. */
  anew?: boolean
}

/** The addresses of names, as they are now or were minutes ago. */
export interface Names {
  /**
   * Calls back once, maybe before it returns: at once where the name is known, and after 5 s at the latest. The
   * returned `Cancel` ends the wait; the look-up goes on for other callers that wait for it.
   */
  find(hostname: string, ask: NameAsk, done: NamesFound): Cancel
}

/** Names that are remembered; those that were asked for longest ago are forgotten first. */
const MAX_NAMES = 16_384

interface Entry {
  hostname: string
  known: KnownName
  /** A look-up is under way, or stands in line. */
  busy: boolean
  /** The callers that wait for the name. */
  waiting: Set<NamesFound>
}

export interface NamesDeps {
  lookUp: LookUp
  runtime: Pick<Runtime, 'elapsedMs' | 'upkeep'>
  line?: LookUpLine
  maxNames?: number
}

/**
 * Looks each name up once at a time, for all who ask, and remembers what was found. What it answers with may be out of
 * date while a new look-up is under way; it is never older than five minutes.
 */
export function createNames({ lookUp, runtime, line = new LookUpLine(), maxNames = MAX_NAMES }: NamesDeps): Names {
  const entries = new Map<string, Entry>()

  function entryOf(hostname: string): Entry {
    const known = entries.get(hostname)
    const entry = known ?? { hostname, known: NOTHING_KNOWN, busy: false, waiting: new Set() }
    // Last in the order of the map: asked for last.
    if (known !== undefined) entries.delete(hostname)
    else if (entries.size >= maxNames) entries.delete(entries.keys().next().value!)
    entries.set(hostname, entry)
    return entry
  }

  function begin(entry: Entry, asker: string): void {
    entry.busy = true
    const limit = new AbortController()
    let startedAt: number | null = null
    const leave = line.enter(asker, isDoubtful(entry.known), async (end) => {
      startedAt = runtime.elapsedMs()
      const known = await lookedUp(entry, limit.signal)
      end()
      cancelLimit()
      const hadItsTime = !limit.signal.aborted || runtime.elapsedMs() - startedAt > LOOK_UP_LIMIT_MS / 2
      if (hadItsTime) entry.known = known
      ended(entry, hadItsTime ? known : refused(entry))
    })
    const cancelLimit = runtime.upkeep(LOOK_UP_LIMIT_MS, () => {
      limit.abort()
      leave?.()
      if (startedAt === null) ended(entry, refused(entry))
    })
    if (leave !== null) return
    cancelLimit()
    ended(entry, refused(entry))
  }

  async function lookedUp(entry: Entry, signal: AbortSignal): Promise<KnownName> {
    try {
      return afterFound(await lookUp(entry.hostname, signal), runtime.elapsedMs())
    } catch (error) {
      return afterFailure(entry.known, nameErrorOf(entry.hostname, error), runtime.elapsedMs())
    }
  }

  return {
    find(hostname, { asker, anew }, done) {
      const entry = entryOf(hostname)
      const { answer, lookUp: isDue } = adviceOn(entry.known, runtime.elapsedMs(), anew)
      if (answer === null) entry.waiting.add(done)
      if (isDue && !entry.busy) begin(entry, asker)
      if (answer instanceof NameError) done(answer, [])
      else if (answer !== null) done(null, answer)
      return () => entry.waiting.delete(done)
    },
  }
}

/**
 * Whether a name was not answered the last time, so that it is likely to hold its place in the line for as long as it
 * may.
 */
function isDoubtful({ failed }: KnownName): boolean {
  return failed?.error.code === 'NAME_UNANSWERED'
}

function ended(entry: Entry, { good, failed }: KnownName): void {
  const waiting = entry.waiting
  entry.busy = false
  entry.waiting = new Set()
  for (const done of waiting) done(failed?.error ?? null, failed === null ? good!.addresses : [])
}

/** What those are told who wait for a name that did not get its turn; it says nothing of the name itself. */
function refused({ hostname }: Entry): KnownName {
  const error = new NameError('NAME_UNANSWERED', `${hostname} could not be looked up: too many other names are`)
  return { good: null, failed: { error, until: 0, inRow: 0 } }
}

function nameErrorOf(hostname: string, error: unknown): NameError {
  if (error instanceof NameError) return error
  return new NameError('NAME_UNANSWERED', `${hostname} could not be looked up: ${(error as Error).message}`)
}
