import { Field } from '../../../parts/field.tsx'
import { headersIn, linesOf } from '../../../words/headers.ts'
import type { Section } from './section.ts'

type Name = 'headers'

/** For what the server shows in place of every value that it has. */
const HIDDEN_HINT = 'Values are never shown again: a line with *** keeps the one that is set.'

/** What is sent with each delivery beside what the server says itself. */
export const headers: Section<Name> = {
  title: 'Headers',
  pushOnly: true,
  typedOf: (listener) => ({ headers: linesOf(listener?.headers ?? {}) }),
  bodyOf: (typed) => ({ headers: headersIn(typed.headers) }),
  faults: { '/headers': 'headers' },
  Fields: ({ typed, field }) => (
    <Field
      label="Headers, one a line"
      rows={3}
      mono
      placeholder="x-tenant: shop"
      {...field('headers')}
      hint={typed.headers.includes('***') ? HIDDEN_HINT : undefined}
    />
  ),
  facts: (listener) => {
    const names = Object.keys(listener.headers)
    return [['Headers', names.length === 0 ? 'none' : `${names.join(', ')} (values are set, and not shown)`]]
  },
}
