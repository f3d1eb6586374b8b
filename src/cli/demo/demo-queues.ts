/** How a receiver of the demo answers; each is a path of it. */
export const MANNERS = ['well', 'slow', 'flaky', 'failing', 'gone', 'busy'] as const
export type Manner = (typeof MANNERS)[number]

interface DemoListener {
  name: string
  /** Null: it pulls. `away`: nothing listens at its address. */
  manner: Manner | 'away' | null
  settings?: Readonly<Record<string, unknown>>
}

export interface DemoQueue {
  name: string
  listeners: readonly DemoListener[]
  schedules?: readonly Readonly<Record<string, unknown>>[]
  /** Set once its listeners and schedules are there. */
  change?: Readonly<Record<string, unknown>>
  /** How often a message is posted to it; 0: none by the demo itself. */
  perSecond: number
}

/** So that what fails is missed while the demo runs. */
const SHORT_RETRY = { max_attempts: 3, initial_delay: 1_000, max_delay: 5_000, multiplier: 2 }
const EVERY_MINUTE = '* * * * *'

/** What the demo makes: queues whose listeners are well, slow, flaky, failing, down, gone, busy, disabled, and that pull. */
export const DEMO_QUEUES: readonly DemoQueue[] = [
  {
    name: 'demo/orders',
    perSecond: 4,
    listeners: [
      { name: 'warehouse', manner: 'well' },
      { name: 'billing', manner: 'slow', settings: { max_concurrency: 4 } },
      { name: 'analytics', manner: 'flaky', settings: { retry: SHORT_RETRY } },
    ],
    schedules: [{ name: 'stock-count', every: 10_000, data: '{"count":"all"}' }],
  },
  {
    name: 'demo/payments',
    perSecond: 1,
    listeners: [
      { name: 'ledger', manner: 'well', settings: { ordering: 'key' } },
      { name: 'fraud-check', manner: 'failing', settings: { retry: SHORT_RETRY, circuit_breaker: false } },
      { name: 'old-gateway', manner: 'gone' },
    ],
    schedules: [{ name: 'settlement', cron: EVERY_MINUTE, timezone: 'Europe/Berlin', data: '{"settle":true}' }],
  },
  {
    name: 'demo/emails',
    perSecond: 2,
    listeners: [
      { name: 'mailer', manner: 'busy' },
      { name: 'archive', manner: 'away' },
    ],
    schedules: [{ name: 'newsletter', cron: '@weekly', data: '{"newsletter":true}' }],
  },
  {
    name: 'demo/imports',
    perSecond: 1,
    listeners: [{ name: 'importer', manner: null }],
  },
  {
    name: 'demo/reports',
    perSecond: 0.5,
    listeners: [{ name: 'renderer', manner: 'well' }],
    schedules: [
      { name: 'nightly', cron: '30 2 * * *', timezone: 'America/New_York', data: '{"report":"day"}' },
      { name: 'paused-report', every: 60_000, paused: true, data: '{"report":"hour"}' },
    ],
    change: { paused: true },
  },
  {
    name: 'demo/invoices',
    perSecond: 0.5,
    listeners: [{ name: 'printer', manner: 'well', settings: { status: 'disabled' } }],
    // Its messages do not fit the schema that the queue gets afterwards: its runs fail.
    schedules: [{ name: 'dunning', every: 15_000, data: '{"overdue":"yes"}' }],
    change: { schema: { number: { type: 'number' }, customer: { type: 'string', required: false } } },
  },
]

const CUSTOMERS = ['ada', 'grace', 'alan', 'barbara', 'edsger', 'margaret']

/** The message number `number` of a queue, as it is posted; `random` is uniform in [0, 1). */
export function demoMessage(queue: string, number: number, random: () => number): Record<string, unknown> {
  const customer = CUSTOMERS[Math.floor(random() * CUSTOMERS.length)]!
  if (queue === 'demo/invoices') return { name: 'invoice', data: JSON.stringify({ number, customer }) }
  const name = `${queue.slice('demo/'.length).replace(/s$/, '')}.${random() < 0.7 ? 'created' : 'changed'}`
  const amount = Math.round(random() * 20_000) / 100
  const data = JSON.stringify({ number, customer, amount })
  // Some are for later, some have little time.
  const when = random() < 0.05 ? { delay: 60_000 } : random() < 0.05 ? { expires_in: 120_000 } : {}
  return { name, key: customer, data, ...when }
}

/** What a receiver answers: a status, after so many ms, with these headers. */
export function answerOf(
  manner: Manner,
  random: () => number,
): { status: number; delayMs: number; headers: Record<string, string> } {
  const answer = (status: number, delayMs = 0, headers = {}) => ({ status, delayMs, headers })
  switch (manner) {
    case 'well':
      return answer(200, random() * 20)
    case 'slow':
      return answer(200, 200 + random() * 1_300)
    case 'flaky':
      return random() < 0.3 ? answer(503, 50) : answer(200, random() * 100)
    case 'failing':
      return answer(500, 20)
    case 'gone':
      return answer(410)
    case 'busy':
      return random() < 0.05 ? answer(429, 0, { 'retry-after': '2' }) : answer(200, random() * 50)
  }
}
