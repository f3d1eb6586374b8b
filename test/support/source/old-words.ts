/**
 * Words that were this project's own, and what the field says instead. Names of tables and columns in migrations that
 * have landed stay what they are; `bareSource` leaves texts out, and SQL is text.
 */
export const OLD_WORDS: [old: RegExp, say: string][] = [
  [/almanac/i, 'cron cache'],
  [/\bbelie(f|ves|ved)\b|beliefOf/i, 'expected revisions, ifMatch'],
  [/\bcontradicts\b/, 'failsIfMatch'],
  // By itself it is a field of OAuth 2.
  [/[a-z]Audience|audience[A-Z]|\baudiences\b/, 'recipient set'],
  [/\bbothWays\b|\bcarrier\b|createCarrier/i, 'delivery signals'],
  [/\bpulses?\b|Pulse|_PULSE_/i, 'event digest'],
  [/\bviewers?\b|viewer[A-Z]|Viewer|_VIEWERS?\b/i, 'SSE client; user'],
  [/\boutlets?\b/i, 'sink'],
  [/farPlace|\bisFar\b/i, 'offset seek, isDeep'],
  [/\bTurns\b/, 'SerialQueue'],
  [/oneByOne/i, 'commit individually'],
  [/\bimplied|isImplied|Implied[A-Z]/, 'rowless'],
  [/givingWay/i, 'background throttle'],
  [/\bherald\b|\bhearing\b|createHerald|createHearing/i, 'change publisher, change subscriber'],
  [/\bdoubts\b|createDoubts|inDoubt/i, 'uncertain commits'],
  [/beginAnew|freshRuns?\b/i, 'restart of a delivery'],
  [/\bdoor\b|createDoor/i, 'lock-out guard'],
  [/\bLaneStock\b|\bstock\b/, 'lane buffer'],
  [/\bera\b/, 'generation'],
  [/\bwish(es)?\b|wishIn/i, 'receiver directive'],
  [/\bdemand\b|rootDemand|RouteDemand/i, 'requires'],
  [/\bpassOver\b/, 'skip'],
  [/waitingRoom|\bguests\b/i, 'long-poll waiters'],
  [/\boffice\b|openOffice|\bfurnish\b/i, 'test engine, set up'],
  [/\bscene\b|[a-z]Scene\b/i, 'fixture'],
  [/\bbooks\b/i, 'ledger'],
  [/\bFOLD\b|foldCounts/, 'rollup'],
  [/StoredAnswer|AnswerStore|EffectAnswer/, 'idempotency record'],
  [
    /\b(Event|Segment|Attempt|Message|Postgres|Record)Place\b|\bPlaced[A-Z]|\bplacesOf\b/,
    'position, reference, address',
  ],
  [/\bWaiting\b|\bWaiting(Accept|Settlement)\b/, 'what waits: a pending write, call or pull, a listener'],
  [
    /import (type )?\{[^}]*\bChange\b[^}]*\} from|(type|const) Change\b/,
    'whose change: of the store, of a listener, of its liveness',
  ],
  [/\bBLOCK\b/, 'blocks of what: numbers, messages of the ledger, messages between marks'],
  [/\bHeld\b/, 'a lease that is held'],
]
