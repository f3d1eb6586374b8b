import type { Queue, QueueSchema } from '../../core/delivery/queue.ts'
import { type Body, isBytes } from '../../core/message/body.ts'
import { Problem } from '../../core/problem.ts'
import { type CompiledSchema, compileSchema } from '../../core/schema/compiled-schema.ts'
import { schemaFaults } from '../../core/schema/schema-faults.ts'
import { schemaId } from '../../core/schema/schema-id.ts'
import type { PatternBudget } from '../../core/schema/schema-inspection.ts'
import { BoundedCache } from './bounded-cache.ts'

/**
 * At most 256 schemas are kept ready, and fewer where their patterns are large: a schema with the most steps that are
 * allowed may take 20 MB, and one organization can make as many of them as it likes.
 */
const SCHEMA_WEIGHT = 256
const MAX_WEIGHT = 256 * SCHEMA_WEIGHT

/** A schema that an organization's messages are checked with. */
interface Kept {
  organizationId: string
  compiled: CompiledSchema
}

/**
 * Schemas that are ready to check messages, kept by organization and id: the same rules on many of its queues are compiled
 * once, and one that has very many forgets its own.
 */
export interface SchemaChecks {
  /**
   * Throws `invalid` with a fault for each place where the data does not fit the queue's schema, if it has one; bytes fit
   * none. `path` leads to the message in the body. The messages of a batch share a `budget`. Answers with the object that the
   * data says, which need not be parsed again; null where the queue has no schema.
   */
  expectFit(
    queue: Pick<Queue, 'schema' | 'organizationId'>,
    body: Body,
    path?: string,
    budget?: PatternBudget,
  ): object | null
}

export function createSchemaChecks(): SchemaChecks {
  const cache = new BoundedCache<Kept>({
    limit: MAX_WEIGHT,
    weightOf: ({ compiled }) => SCHEMA_WEIGHT + compiled.steps,
    ownerOf: (kept) => kept.organizationId,
  })
  const ready = (organizationId: string, { id, rules }: QueueSchema) =>
    cache.getOrMake(`${organizationId} ${id}`, () => ({ organizationId, compiled: compileSchema(rules) })).compiled
  return {
    expectFit({ schema, organizationId }, body, path = '', budget) {
      if (schema === null) return null
      const { faults, object } = isBytes(body)
        ? { faults: [{ path: `${path}/data_base64`, message: BYTES_MISFIT }], object: null }
        : ready(organizationId, schema).read(body.data, `${path}/data`, budget)
      if (faults.length > 0) throw new Problem('invalid', { detail: MISFIT, errors: faults })
      return object
    },
  }
}

const BYTES_MISFIT = 'must be left out: the queue has a schema, which bytes cannot fit; send data in its place'
const MISFIT = "the message does not fit its queue's schema"

/** A schema as a client sent it, with its id; null stays null. Throws `invalid` with what is wrong with it. */
export function queueSchemaOf(sent: unknown): QueueSchema | null {
  if (sent === null) return null
  const errors = schemaFaults(sent)
  if (errors.length > 0) throw new Problem('invalid', { errors })
  // Without faults it is a schema: that is what the check promises.
  const rules = sent as QueueSchema['rules']
  return { id: schemaId(rules), rules }
}
