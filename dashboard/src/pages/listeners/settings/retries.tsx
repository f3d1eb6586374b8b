import { DEFAULT_RETRY_POLICY } from '../../../../../src/core/delivery/retry-policy.ts'
import { Choice, Field } from '../../../parts/field.tsx'
import { duration } from '../../../words/format.ts'
import { numberIn, type Section } from './section.ts'

type Name = 'attempts' | 'initialDelay' | 'maxDelay' | 'multiplier' | 'breaker'

/** What follows an attempt that failed. */
export const retries: Section<Name> = {
  title: 'Retries',
  pushOnly: true,
  typedOf: (listener) => ({
    attempts: String(listener?.retry.max_attempts ?? DEFAULT_RETRY_POLICY.maxAttempts),
    initialDelay: String(listener?.retry.initial_delay ?? DEFAULT_RETRY_POLICY.initialDelayMs),
    maxDelay: String(listener?.retry.max_delay ?? DEFAULT_RETRY_POLICY.maxDelayMs),
    multiplier: String(listener?.retry.multiplier ?? DEFAULT_RETRY_POLICY.multiplier),
    breaker: listener?.circuit_breaker === false ? 'off' : 'on',
  }),
  bodyOf: ({ attempts, initialDelay, maxDelay, multiplier, breaker }) => ({
    retry: {
      max_attempts: numberIn(attempts),
      initial_delay: numberIn(initialDelay),
      max_delay: numberIn(maxDelay),
      multiplier: numberIn(multiplier),
    },
    circuit_breaker: breaker === 'on',
  }),
  faults: {
    '/retry/max_attempts': 'attempts',
    '/retry/initial_delay': 'initialDelay',
    '/retry/max_delay': 'maxDelay',
    '/retry/multiplier': 'multiplier',
  },
  Fields: ({ typed, field }) => (
    <>
      <div className="form-row">
        <Field label="Attempts" inputMode="numeric" {...field('attempts')} />
        <Field label="First delay (ms)" inputMode="numeric" {...field('initialDelay')} />
        <Field label="Longest delay (ms)" inputMode="numeric" {...field('maxDelay')} />
        <Field label="Multiplier" inputMode="decimal" {...field('multiplier')} />
      </div>
      <Choice
        label="Circuit breaker"
        options={[
          ['on', 'On: failures in a row hold the rest back'],
          ['off', 'Off: each delivery follows its retries'],
        ]}
        {...field('breaker')}
        hint={typed.breaker === 'off' ? 'Then only the URL for liveness makes the listener down.' : undefined}
      />
    </>
  ),
  facts: ({ retry, circuit_breaker }) => [
    ['Attempts', `${retry.max_attempts}, from ${duration(retry.initial_delay)} to ${duration(retry.max_delay)}`],
    ['Circuit breaker', circuit_breaker ? 'on' : 'off'],
  ],
}
