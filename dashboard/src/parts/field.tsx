import type { ReactNode } from 'react'
import { useId } from 'react'
import {
  Switch as AriaSwitch,
  FieldError,
  Input,
  Label,
  Text,
  TextArea,
  TextField,
  type TextFieldProps,
} from 'react-aria-components'
import { isLength } from '../words/spans.ts'

interface Words {
  label: string
  hint?: ReactNode
  /** What is wrong with it, in the server's words or the page's. */
  fault?: string | undefined
}

/** One line of text, or several with `rows`. */
export function Field({
  label,
  hint,
  fault,
  rows,
  mono,
  placeholder,
  list,
  ...props
}: Omit<TextFieldProps, 'className' | 'style'> &
  Words & { rows?: number; mono?: boolean; placeholder?: string; list?: string }) {
  const look = {
    className: mono ? 'input mono' : 'input',
    placeholder,
    spellCheck: !mono,
    autoComplete: 'off' as const,
  }
  return (
    <TextField {...props} className="field" isInvalid={fault !== undefined} validationBehavior="aria">
      <Label>{label}</Label>
      {rows === undefined ? <Input {...look} list={list} /> : <TextArea {...look} rows={rows} />}
      {hint && (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
      <FieldError className="fault">{fault}</FieldError>
    </TextField>
  )
}

/** A length of time, as text, which `lengthIn` reads; or none. */
export function Span({ fault, ...words }: Words & { value: string; onChange: (value: string) => void }) {
  const own = isLength(words.value) ? undefined : 'not a length of time'
  return <Field {...words} hint="Such as 90 s, 15 min, 2 h or 7 d; empty means never." fault={own ?? fault} />
}

/** One of a few: the browser's own list, which every phone and screen reader knows. */
export function Choice({
  label,
  hint,
  value,
  options,
  onChange,
}: Words & { value: string; options: [string, string][]; onChange: (value: string) => void }) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
      {hint && <span className="hint">{hint}</span>}
    </div>
  )
}

/** A moment, in the user's own time zone; `value` and what is told are epoch milliseconds or null. */
export function Moment({
  label,
  hint,
  fault,
  value,
  onChange,
}: Words & { value: number | null; onChange: (value: number | null) => void }) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        type="datetime-local"
        value={value === null ? '' : localText(value)}
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : `${id}-fault`}
        onChange={({ target }) => onChange(target.value === '' ? null : new Date(target.value).getTime())}
      />
      {hint && <span className="hint">{hint}</span>}
      {fault !== undefined && (
        <span id={`${id}-fault`} className="fault">
          {fault}
        </span>
      )}
    </div>
  )
}

function localText(ms: number): string {
  const shifted = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 16)
}

export function Switch({
  children,
  isSelected,
  onChange,
  isDisabled,
}: {
  children: ReactNode
  isSelected: boolean
  onChange: (on: boolean) => void
  isDisabled?: boolean
}) {
  return (
    <AriaSwitch className="switch" isSelected={isSelected} onChange={onChange} isDisabled={isDisabled}>
      <span className="switch-track" />
      {children}
    </AriaSwitch>
  )
}
