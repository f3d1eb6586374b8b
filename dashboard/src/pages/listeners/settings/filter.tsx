import { Field } from '../../../parts/field.tsx'
import type { Section } from './section.ts'

type Name = 'filter'

/** What is no JSON goes to the server as it was typed, which says what is wrong with it. */
function filterIn(text: string): unknown {
  if (text.trim() === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Which messages of its queue the listener gets. */
export const filter: Section<Name> = {
  title: 'Filter',
  typedOf: (listener) => ({ filter: listener?.filter ? JSON.stringify(listener.filter, null, 2) : '' }),
  bodyOf: (typed) => ({ filter: filterIn(typed.filter) }),
  faults: { '/filter': 'filter' },
  Fields: ({ field }) => (
    <Field
      label="Messages that it gets, as JSON"
      rows={6}
      mono
      placeholder={'{ "name": ["orders.*"], "data": { "total": { "$gt": 100 } } }'}
      {...field('filter')}
      hint="Empty means all. A change holds for messages that are accepted from then on."
    />
  ),
  facts: ({ filter: asked }) => [['Filter', asked ? <code key="filter">{JSON.stringify(asked)}</code> : 'none']],
}
