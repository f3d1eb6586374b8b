import { Choice } from '../../../parts/field.tsx'
import type { Section } from './section.ts'

type Name = 'ordering' | 'onMissed' | 'status'

const ORDERINGS = { none: 'none', queue: 'of acceptance', key: 'within each key' }

/** In which order messages are delivered, and whether any are. */
export const order: Section<Name> = {
  title: 'Order and status',
  typedOf: (listener) => ({
    ordering: listener?.ordering ?? 'none',
    onMissed: listener?.on_missed ?? 'continue',
    status: listener?.status ?? 'enabled',
  }),
  bodyOf: ({ ordering, onMissed, status }) => ({ ordering, on_missed: onMissed, status }),
  faults: {},
  Fields: ({ field }) => (
    <div className="form-row">
      <Choice
        label="Order"
        options={[
          ['none', 'None: as fast as possible'],
          ['queue', 'Of acceptance, one at a time'],
          ['key', 'Within each key'],
        ]}
        {...field('ordering')}
      />
      <Choice
        label="After a missed message"
        options={[
          ['continue', 'Go on with the next'],
          ['block', 'Wait until it is redelivered or discarded'],
        ]}
        {...field('onMissed')}
      />
      <Choice
        label="Status"
        options={[
          ['enabled', 'Enabled'],
          ['disabled', 'Disabled: messages wait'],
        ]}
        {...field('status')}
      />
    </div>
  ),
  facts: ({ ordering, on_missed }) => [
    [
      'Order',
      ORDERINGS[ordering] + (ordering !== 'none' && on_missed === 'block' ? ', blocks when one is missed' : ''),
    ],
  ],
}
