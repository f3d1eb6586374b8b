import type { ReactNode } from 'react'
import type { Listener } from '../../../api/types.ts'

/** What the fields of a section say, by the field's name. Everything that is typed or chosen is text. */
export type Typed<Name extends string = string> = Record<Name, string>

/** What a field of the form takes: the text, who hears of a change, and what the server found wrong with it. */
export interface FieldState {
  value: string
  onChange: (value: string) => void
  fault: string | undefined
}

interface FieldsProps<Name extends string> {
  typed: Typed<Name>
  /** A method, so that a section of certain fields is one of any fields. */
  field(name: Name): FieldState
}

/**
 * A few settings of a listener that belong together: how they are typed, what the API is told of them, and how they are
 * shown. A new setting is a line in each of these; a new section joins the list in `sections.ts`.
 */
export interface Section<Name extends string = string> {
  /** Under which the fields are folded away; the address is always open. */
  title: string
  /** Whether it means anything only where messages are sent, not pulled. */
  pushOnly?: boolean
  /** What the fields begin with: the settings of the listener, or the defaults of a new one. */
  typedOf(listener: Listener | undefined): Typed<Name>
  /** The properties of the API that the fields say, all of them: only those that changed are sent. */
  bodyOf(typed: Typed<Name>): Record<string, unknown>
  /** Which field tells of a fault, by the JSON pointer of the property. */
  faults: Record<string, Name>
  Fields(props: FieldsProps<Name>): ReactNode
  /** In words, for the listener's page. */
  facts(listener: Listener): [string, ReactNode][]
}

/** The properties that `after` says otherwise than `before`: the server is asked for nothing else. */
export function changesIn(section: Section, before: Typed, after: Typed): object {
  const [old, fresh] = [section.bodyOf(before), section.bodyOf(after)]
  return Object.fromEntries(
    Object.entries(fresh).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name])),
  )
}

/** What is no number goes to the server as it was typed, which says what is wrong with it. */
export function numberIn(text: string): number | string {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : text
}
