import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What calls one another comes together. */
const FILES = ['orders.sql', 'schedules.sql', 'quotas.sql', 'commit_batch.sql']
const FUNCTION = /create or replace function discue\.(\w+)\(/g

/** What of the store runs within the database: whatever would otherwise take many round trips. */
export interface Routines {
  /** The name by which this version's function is called. */
  name(of: RoutineName): string
  /** All of them, by the names that this version's have in the schema. */
  names: readonly string[]
  /** Makes them, also where they are there already. */
  definitions: readonly string[]
}

type RoutineName =
  | 'commit_batch'
  | 'count_accepted'
  | 'schedule_step'
  | 'message_before_pending'
  | 'order_begin_run'
  | 'order_promote'
  | 'order_leave'
  | 'begin_anew'
  | 'order_block'
  | 'order_enter'
  | 'order_erase'

/**
 * Reads the functions' texts. Each one's name ends with what all of the texts add up to, so that nodes of two versions
 * on one database call each their own.
 */
export function readRoutines(): Routines {
  const texts = FILES.map((file) => readFileSync(new URL(`./routines/${file}`, import.meta.url), 'utf8'))
  const version = createHash('sha256').update(texts.join('')).digest('hex').slice(0, 8)
  const names = texts.flatMap((text) => Array.from(text.matchAll(FUNCTION), ([, name]) => name!))
  const called = new RegExp(`\\bdiscue\\.(${names.join('|')})\\(`, 'g')
  return {
    name: (of) => `discue.${of}_${version}`,
    names: names.map((name) => `${name}_${version}`),
    definitions: texts.map((text) => text.replace(called, `discue.$1_${version}(`)),
  }
}
