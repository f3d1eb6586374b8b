import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import { TimeSlices } from '../../app/caches/time-slices.ts'
import { MAX_FAULTS } from '../../core/schema/fault-list.ts'
import type { Validator } from './bounded-validator.ts'
import { invalidBody } from './faults.ts'

/** Longer lists are worth pieces of their own. */
const LONG = 1_000
/** Entries that are checked in one go. */
const ENTRIES_AT_ONCE = 100

interface Schema {
  properties?: Record<string, { maxItems?: number; items?: object }>
}

/** The property of a body that may be a long list, such as the messages of a batch; undefined where there is none. */
export function longListOf(schema: Schema): string | undefined {
  const properties = Object.entries(schema.properties ?? {})
  return properties.find(([, { items, maxItems = 0 }]) => items !== undefined && maxItems >= LONG)?.[0]
}

/**
 * Checks a body that has a long list: what is around the entries first, and then some entries at a time, between which
 * the thread is free for other requests, up to as many faults as are told. Rejects with the problem that says them.
 */
export function listValidator(
  schema: Schema,
  name: string,
  build: (schema: object) => Validator,
): (data: unknown) => Promise<true> {
  const list = schema.properties![name]!
  const around = build({ ...schema, properties: { ...schema.properties, [name]: { ...list, items: {} } } })
  const entry = build(list.items!)
  return async (data) => {
    if (around(data) !== true) throw invalidBody(around.errors!)
    const entries = (data as Record<string, unknown[]>)[name] ?? []
    const errors = await faultsOf(entries, entry, `/${name}`)
    if (errors.length > 0) throw invalidBody(errors)
    return true
  }
}

async function faultsOf(entries: readonly unknown[], validate: Validator, path: string) {
  const errors: FastifySchemaValidationError[] = []
  const slices = new TimeSlices(ENTRIES_AT_ONCE)
  for (let index = 0; index < entries.length && errors.length < MAX_FAULTS; index++) {
    if (validate(entries[index]) !== true) {
      for (const error of validate.errors!) {
        errors.push({ ...error, instancePath: `${path}/${index}${error.instancePath}` })
      }
    }
    if (slices.due(1)) await slices.pause()
  }
  return errors
}
