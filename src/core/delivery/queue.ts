import type { Schema } from '../schema/schema.ts'

/** What the data of a queue's messages must look like, under the id that its content gives it. */
export interface QueueSchema {
  id: string
  rules: Schema
}

/** Listeners of one queue: each is a delivery of every message, which one transaction stores. */
export const MAX_LISTENERS_OF_QUEUE = 10_000

/** Characters of the filters of its listeners together: they are in memory, and each message is judged by all of them. */
export const MAX_FILTERS_OF_QUEUE = 1_048_576

/** Where messages are posted; every listener of it gets every message. */
export interface Queue {
  id: string
  organizationId: string
  name: string
  /** Null: any data will do. */
  schema: QueueSchema | null
  /** Messages are stored and none is delivered until this is false again. */
  paused: boolean
  createdAt: number
  updatedAt: number
  /**
   * Grows with everything that decides what an accepted message becomes, such as its schema, a pause, or a listener that
   * comes or goes.
   * An accept names the version that it read, so that a stale cache can never lose a listener a message.
   */
  version: number
}
