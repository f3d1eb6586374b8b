import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const rows = readFileSync(`${root}docs/reference/limits.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| what') && !line.startsWith('| ---'))

const number = new Intl.NumberFormat('en-US')
const plain = (value: number) => number.format(value)
const characters = (value: number) => `${plain(value)} characters`
const size = (value: number) => (value >= 1024 ** 2 ? `${value / 1024 ** 2} MiB` : `${value / 1024} KiB`)

const SPANS = [
  [86_400_000 * 2, 86_400_000, 'days'],
  [3_600_000, 3_600_000, 'hours'],
  [60_000, 60_000, 'minutes'],
  [1_000, 1_000, 'seconds'],
] as const

function span(value: number): string {
  const [, ms, words] = SPANS.find(([from]) => value >= from) ?? [0, 1, 'ms']
  const count = value / ms
  return count === 1 && ms > 1 ? `1 ${words.slice(0, -1)}` : `${plain(count)} ${words}`
}

/** The rows of the page, by the constants that they tell: where there are two, the first is the least. */
const TOLD: Record<string, readonly [string[], (value: number) => string]> = {
  'data of a message': [['core/delivery/message.ts MAX_DATA_BYTES'], size],
  'body of a request with one message': [['http/body/body.ts MAX_BODY_BYTES'], size],
  'body of a batch': [['http/body/body.ts MAX_BATCH_BODY_BYTES'], size],
  'deliveries that one request makes (each message to every listener whose filter it fits)': [
    ['core/delivery/delivery.ts MAX_DELIVERIES'],
    plain,
  ],
  '`key`': [['core/delivery/message.ts MAX_KEY_LENGTH'], characters],
  '`content_type`': [['core/message/body.ts MAX_CONTENT_TYPE_LENGTH'], characters],
  'how far ahead `delay` and `deliver_at` may be': [['core/delivery/due-time.ts MAX_DELAY_MS'], span],
  'values in one text of JSON': [['core/schema/json-count.ts MAX_JSON_VALUES'], plain],
  'arrays and objects within each other': [['core/schema/json-count.ts MAX_JSON_LEVELS'], plain],
  'faults that one answer names': [['core/schema/fault-list.ts MAX_FAULTS'], plain],
  'listeners of a queue': [['core/delivery/queue.ts MAX_LISTENERS_OF_QUEUE'], plain],
  '`timeout`': [['core/delivery/listener.ts MIN_TIMEOUT_MS', 'core/delivery/listener.ts MAX_TIMEOUT_MS'], span],
  '`max_concurrency`': [['core/delivery/listener.ts MAX_CONCURRENCY'], plain],
  '`rate_limit.requests`': [['core/delivery/listener.ts MAX_RATE_REQUESTS'], plain],
  '`rate_limit.per`': [
    ['core/delivery/listener.ts MIN_RATE_PER_MS', 'core/delivery/listener.ts MAX_RATE_PER_MS'],
    span,
  ],
  'delays of a retry policy': [
    ['core/delivery/retry-policy.ts MIN_RETRY_DELAY_MS', 'core/delivery/retry-policy.ts MAX_RETRY_DELAY_MS'],
    span,
  ],
  'how long a receiver puts a delivery off by one `Retry-After`': [
    ['core/delivery/retry-after.ts MAX_RETRY_AFTER_MS'],
    span,
  ],
  'bytes kept of the answer of a receiver': [['core/delivery/attempt.ts RESPONSE_KEPT_BYTES'], size],
  'answer of an OAuth 2 token URL': [['core/delivery/credentials/token-answer.ts MAX_TOKEN_ANSWER_BYTES'], size],
  'retired secrets that still sign, of each kind': [['core/tenant/secret-rotation.ts MAX_RETIRED'], plain],
  'how long a retired secret still signs': [['core/tenant/secret-rotation.ts OVERLAP_MS'], span],
  'a filter': [['core/listener-filter/filter.ts MAX_FILTER_BYTES'], size],
  'name patterns and comparisons of a filter': [['core/listener-filter/filter.ts MAX_CONDITIONS'], plain],
  'levels of a filter': [['core/listener-filter/filter.ts MAX_LEVELS'], plain],
  'filters of all listeners of a queue together': [['core/delivery/queue.ts MAX_FILTERS_OF_QUEUE'], characters],
  'messages of one pull': [['core/delivery/pull.ts MAX_PULLED'], plain],
  'how long a pull waits': [['core/delivery/pull.ts MAX_WAIT_MS'], span],
  'a lease': [['core/delivery/pull.ts MIN_LEASE_MS', 'core/delivery/pull.ts MAX_LEASE_MS'], span],
  'a lease, unless told': [['core/delivery/pull.ts DEFAULT_LEASE_MS'], span],
  'receipts of one request': [['core/delivery/pull.ts MAX_RECEIPTS'], plain],
  'a schema': [['core/schema/schema.ts MAX_SCHEMA_BYTES'], size],
  'properties, on all levels together': [['core/schema/schema.ts MAX_PROPERTIES'], plain],
  'levels of a schema': [['core/schema/schema.ts MAX_LEVELS'], plain],
  'characters of all patterns together': [['core/schema/schema.ts MAX_PATTERN_CHARACTERS'], plain],
  'steps of all patterns together, once compiled': [['core/schema/schema.ts MAX_PATTERN_STEPS'], plain],
  'discards under way in an organization': [['core/message/discard.ts MAX_DISCARDS'], plain],
  'the shortest `every`': [['core/schedule/schedule.ts MIN_EVERY_MS'], span],
  'text to search for in data': [['core/search/data-search.ts MAX_TEXT_CHARS'], characters],
  'conditions of a search in data': [['core/search/data-search.ts MAX_CONDITIONS'], plain],
  'events that one digest tells of': [['core/telemetry/event-digest.ts MAX_DIGEST_EVENTS'], plain],
}

/** Constants that no client meets as a number: the work of one step, and bounds whose error tells what to do. */
const WITHIN = new Set([
  'core/schema/json-count.ts MAX_JSON_STRING_BYTES',
  'core/schema/schema-inspection.ts MAX_PATTERN_WORK',
  'core/schema/schema-inspection.ts MAX_BATCH_PATTERN_WORK',
  'core/schema/schema.ts MAX_PATTERN_SIZE',
  'core/listener-filter/filter-budget.ts MAX_LOOKED_THROUGH',
  'core/listener-filter/filter-budget.ts MAX_LOOKED_THROUGH_OF_BATCH',
  'core/delivery/due-time.ts MAX_DELAY_DAYS',
  'core/delivery/ledger.ts MAX_PAIRS',
  'core/delivery/latency.ts MAX_LATENCY_BUCKET',
  'core/schedule/schedule.ts MAX_TIME',
  'core/message/discard.ts MAX_DISCARDED_A_STEP',
  'core/message/expiry.ts MAX_EXPIRED_A_STEP',
  'core/message/expiry.ts MAX_EXPIRED_A_PULL',
])

async function constantOf(constant: string): Promise<number> {
  const [file, name] = constant.split(' ') as [string, string]
  const value = (await import(`${root}src/${file}`))[name]
  assert.equal(typeof value, 'number', constant)
  return value
}

/** As the page tells it: the least and the most, where both have a bound. */
async function limitOf(constants: string[], written: (value: number) => string): Promise<string> {
  return (await Promise.all(constants.map(constantOf))).map(written).join(' to ')
}

test('the page of limits tells each limit as the server has it, and none that is none', async () => {
  const expected: string[] = []
  for (const [what, [constants, written]] of Object.entries(TOLD))
    expected.push(`| ${what} | ${await limitOf(constants, written)} |`)
  assert.deepEqual(rows, expected)
})

test('each limit of the core is on the page of limits, or is one that no client meets', () => {
  const told = new Set([...Object.values(TOLD).flatMap(([constants]) => constants), ...WITHIN])
  const found = [...globSync('src/core/**/*.ts', { cwd: root }), 'src/http/body/body.ts'].flatMap((file) => {
    const text = readFileSync(root + file, 'utf8')
    return [...text.matchAll(/^export const ((?:MAX|MIN)_[A-Z_]+)/gm)].map(([, name]) => `${file.slice(4)} ${name}`)
  })
  assert.deepEqual(
    found.filter((constant) => !told.has(constant)),
    [],
  )
})
