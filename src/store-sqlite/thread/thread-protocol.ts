import type { StoreChange } from '../../store/cluster/changes.ts'
import { StoreUnavailable } from '../../store/store.ts'
import { DatabaseRefused } from '../errors.ts'

/**
 * A call of the store's interface on its way to the thread; `noun` is empty for the store's own methods. Its number is no
 * other's until it is answered.
 */
export interface Call {
  number: number
  noun: string
  method: string
  asks: unknown[]
}

/**
 * What comes back: of a call, or (number 0) of opening the database. With it come the changes that were written since the
 * answer before, by this call or by another whose answer is on its way.
 */
export type Answer = { number: number; changes?: StoreChange[] } & ({ result: unknown } | { failure: Failure })

/** An error in a form that a thread can send; a class would arrive as a plain error. */
export interface Failure {
  kind: 'unavailable' | 'refused' | 'bug'
  message: string
  stack: string | undefined
}

/** The number of the answer to opening, which names the parts of the store. */
export const OPENING = 0

export function failureOf(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (error instanceof StoreUnavailable) return { kind: 'unavailable', message, stack }
  if (error instanceof DatabaseRefused) return { kind: 'refused', message, stack }
  return { kind: 'bug', message, stack }
}

/** The error as it was thrown in the thread, its stack included. */
export function errorOf({ kind, message, stack }: Failure): Error {
  const classes = { unavailable: StoreUnavailable, refused: DatabaseRefused, bug: Error }
  const error = new classes[kind](message)
  if (stack !== undefined) error.stack = stack
  return error
}
