import { Field } from '../../../parts/field.tsx'
import { duration } from '../../../words/format.ts'
import { numberIn, type Section } from './section.ts'

type Name = 'timeout' | 'concurrency' | 'rate' | 'ratePer'

/** How much at once, how fast, and how long an attempt may take. */
export const limits: Section<Name> = {
  title: 'Limits',
  typedOf: (listener) => ({
    timeout: String(listener?.timeout ?? 15_000),
    concurrency: String(listener?.max_concurrency ?? 64),
    rate: listener?.rate_limit ? String(listener.rate_limit.requests) : '',
    ratePer: String(listener?.rate_limit?.per ?? 1_000),
  }),
  bodyOf: ({ timeout, concurrency, rate, ratePer }) => ({
    timeout: numberIn(timeout),
    max_concurrency: numberIn(concurrency),
    rate_limit: rate.trim() === '' ? null : { requests: numberIn(rate), per: numberIn(ratePer) },
  }),
  faults: {
    '/timeout': 'timeout',
    '/max_concurrency': 'concurrency',
    '/rate_limit/requests': 'rate',
    '/rate_limit/per': 'ratePer',
  },
  Fields: ({ field }) => (
    <>
      <div className="form-row">
        <Field label="Timeout (ms)" inputMode="numeric" {...field('timeout')} />
        <Field label="At once, at most" inputMode="numeric" {...field('concurrency')} />
      </div>
      <div className="form-row">
        <Field label="Rate limit: requests" inputMode="numeric" {...field('rate')} hint="Empty means none." />
        <Field label="… in so many ms" inputMode="numeric" {...field('ratePer')} />
      </div>
    </>
  ),
  facts: ({ timeout, max_concurrency, rate_limit }) => [
    ['Timeout', duration(timeout)],
    ['At once', `${max_concurrency} at most`],
    ['Rate limit', rate_limit ? `${rate_limit.requests} in ${duration(rate_limit.per)}` : 'none'],
  ],
}
