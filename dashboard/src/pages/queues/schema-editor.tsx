import { CircleCheck, OctagonAlert } from 'lucide-react'
import { useMemo, useState } from 'react'
import { compileSchema } from '../../../../src/core/schema/compiled-schema.ts'
import type { Schema } from '../../../../src/core/schema/schema.ts'
import { schemaFaults } from '../../../../src/core/schema/schema-faults.ts'
import type { Fault } from '../../api/client.ts'
import { Button } from '../../parts/button.tsx'
import { Field } from '../../parts/field.tsx'

const EXAMPLE = {
  order: { type: 'number', min: 1 },
  customer: { type: 'string', pattern: '^c-[0-9]+$' },
  items: { type: 'array', items: { type: 'string' }, required: false },
}
const SAMPLE = '{"order":1,"customer":"c-42"}'

type Verdict = { ok: true; words: string } | { ok: false; faults: Fault[] }

/** Edits a schema, and tries a sample message with the very rules that the server uses. */
export function SchemaEditor({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const [sample, setSample] = useState('')
  const schema = useMemo(() => verdictOnSchema(text), [text])
  const message = useMemo(() => (schema.rules ? verdictOnSample(schema.rules, sample) : null), [schema, sample])
  return (
    <div className="stack">
      <div className="columns">
        <div className="stack">
          <Field
            label="Schema (optional)"
            value={text}
            onChange={onChange}
            rows={11}
            mono
            placeholder={'{ "order": { "type": "number", "min": 1 } }'}
            hint="What the data of each message must be: types object, array, string and number."
          />
          <Outcome verdict={schema.verdict} />
          {text.trim() === '' && (
            <div>
              <Button
                size="small"
                onPress={() => {
                  onChange(JSON.stringify(EXAMPLE, null, 2))
                  setSample(SAMPLE)
                }}
              >
                Begin with an example
              </Button>
            </div>
          )}
        </div>
        <div className="stack">
          <Field
            label="Try a sample message"
            value={sample}
            onChange={setSample}
            rows={11}
            mono
            placeholder={SAMPLE}
            hint="Stays on this page: it is only checked against the schema."
          />
          <Outcome verdict={message} />
        </div>
      </div>
    </div>
  )
}

function Outcome({ verdict }: { verdict: Verdict | null }) {
  return (
    <div aria-live="polite">
      {verdict?.ok && (
        <p className="row small" style={{ color: 'var(--good)' }}>
          <CircleCheck size={15} aria-hidden /> {verdict.words}
        </p>
      )}
      {verdict && !verdict.ok && (
        <ul className="fault">
          {verdict.faults.map(({ path, message }) => (
            <li key={path + message} className="row">
              <OctagonAlert size={14} aria-hidden />
              <span className="grow">
                <code>{path || 'the whole'}</code> {message}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function parsed(text: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { fault: `is not JSON: ${(error as Error).message}` }
  }
}

function verdictOnSchema(text: string): { verdict: Verdict | null; rules: Schema | null } {
  if (text.trim() === '') return { verdict: null, rules: null }
  const read = parsed(text)
  if ('fault' in read) return { verdict: { ok: false, faults: [{ path: '', message: read.fault }] }, rules: null }
  const faults = schemaFaults(read.value, '')
  if (faults.length > 0) return { verdict: { ok: false, faults }, rules: null }
  return { verdict: { ok: true, words: 'The schema is valid.' }, rules: read.value as Schema }
}

function verdictOnSample(rules: Schema, text: string): Verdict | null {
  if (text.trim() === '') return null
  const faults = compileSchema(rules).check(text, '')
  return faults.length > 0 ? { ok: false, faults } : { ok: true, words: 'The sample fits the schema.' }
}
