import type {
  CreatedListener,
  CreateListenerRequest,
  CreateMessageRequest,
  CreateQueueRequest,
  CreateScheduleRequest,
  Listener,
  ListenerWithSecret,
  Message,
  PulledMessage,
  Queue,
  Schedule,
  UpdateListenerRequest,
  UpdateQueueRequest,
  UpdateScheduleRequest,
} from '../../../docs/api/types.ts'
import { spoken } from './body.ts'
import { ValidationError } from './errors.ts'
import { listed } from './listing.ts'
import { type CallOptions, type ClientOptions, Transport } from './transport.ts'

/** What every call takes beside its own. */
export interface Options {
  signal?: AbortSignal
  /** By which the server knows a repetition of what creates something; made for each call unless given. */
  idempotencyKey?: string
}

export interface RequestOptions extends Options {
  query?: CallOptions['query']
  /** Sent as JSON. */
  body?: unknown
}

/** A message to send: `data` is sent as it is where it is a text or bytes (`Uint8Array`), else as JSON. */
export type NewMessage = Omit<CreateMessageRequest, 'data' | 'data_base64'> & { data: unknown }

export interface PullOptions extends Options {
  /** 1 to 100; 10 unless told. */
  max?: number
  /** For how long to wait where there is nothing, in ms, up to 30,000. */
  waitMs?: number
  /** For how long the messages are this client's, in ms, from a second to 12 hours; 30 s unless told. */
  leaseMs?: number
}

/**
 * A client of a discue server. All calls throw `ApiError` (by status, such as `NotFoundError` and `ValidationError`) and
 * `ConnectionError`. What creates something carries an `Idempotency-Key`, so that a call which is tried again, here or by
 * the caller with the same `idempotencyKey`, creates it once.
 */
export class Discue {
  readonly #transport: Transport

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options)
  }

  /** Calls any operation of the API, by its path below `/v1`, such as `/stats/messages`, and answers with its JSON. */
  request<Answer = unknown>(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { query, body, signal, idempotencyKey } = options
    return this.#transport.call<Answer>(method, path, { query, body, signal, idempotencyKey })
  }

  readonly queues = {
    create: async (queue: CreateQueueRequest, options: Options = {}): Promise<Queue> =>
      (await this.#create<{ queue: Queue }>('/queues', queue, options)).queue,
    get: async (id: string, options: Options = {}): Promise<Queue> =>
      (await this.#transport.call<{ queue: Queue }>('GET', queueAt(id), options)).queue,
    /** The queue of this name, made where there is none. */
    ensure: async (name: string, options: Options = {}): Promise<Queue> => {
      return (
        (await this.#queueNamed(name, options)) ??
        (await this.queues.create({ name }, options).catch(async (error: unknown) => {
          // Another process was faster.
          const made = error instanceof ValidationError ? await this.#queueNamed(name, options) : null
          if (made === null) throw error
          return made
        }))
      )
    },
    list: (options: Options = {}) => listed<Queue>(this.#transport, '/queues', 'queues', options),
    update: async (id: string, changes: UpdateQueueRequest, options: Options = {}): Promise<Queue> =>
      (await this.#transport.call<{ queue: Queue }>('PATCH', queueAt(id), { ...options, body: changes })).queue,
    delete: async (id: string, options: Options = {}): Promise<void> =>
      void (await this.#transport.call('DELETE', queueAt(id), { ...options, deletes: true })),
  }

  readonly listeners = {
    /** `secret` verifies its deliveries, and is shown this once: it is missing where the first answer was lost. */
    create: async (queueId: string, listener: CreateListenerRequest, options: Options = {}): Promise<CreatedListener> =>
      (await this.#create<{ listener: CreatedListener }>(`${queueAt(queueId)}/listeners`, listener, options)).listener,
    get: async (queueId: string, id: string, options: Options = {}): Promise<Listener> =>
      (await this.#transport.call<{ listener: Listener }>('GET', listenerAt(queueId, id), options)).listener,
    list: (queueId: string, options: Options = {}) =>
      listed<Listener>(this.#transport, `${queueAt(queueId)}/listeners`, 'listeners', options),
    /** With `secret: 'rotate'` the answer holds the new one. That is not tried again: each time makes another. */
    update: async (
      queueId: string,
      id: string,
      changes: UpdateListenerRequest,
      options: Options = {},
    ): Promise<ListenerWithSecret> =>
      (
        await this.#transport.call<{ listener: ListenerWithSecret }>('PATCH', listenerAt(queueId, id), {
          ...options,
          repeatable: changes.secret !== 'rotate',
          body: changes,
        })
      ).listener,
    delete: async (queueId: string, id: string, options: Options = {}): Promise<void> =>
      void (await this.#transport.call('DELETE', listenerAt(queueId, id), { ...options, deletes: true })),
  }

  readonly messages = {
    /** Resolves when the message is on the server's disk. */
    send: async (
      queueId: string,
      message: NewMessage,
      options: Options = {},
    ): Promise<{ id: string; name: string }> => {
      const path = `${queueAt(queueId)}/messages`
      return (await this.#create<{ message: { id: string; name: string } }>(path, written(message), options)).message
    },
    /** Up to 1,000 at once: all of them are stored, or none. */
    sendAll: async (
      queueId: string,
      messages: readonly NewMessage[],
      options: Options = {},
    ): Promise<{ id: string; name: string }[]> => {
      const body = { messages: messages.map(written) }
      const path = `${queueAt(queueId)}/messages/batch`
      return (await this.#create<{ messages: { id: string; name: string }[] }>(path, body, options)).messages
    },
    get: async (id: string, options: Options = {}): Promise<Message> =>
      (await this.#transport.call<{ message: Message }>('GET', `/messages/${segment(id)}`, options)).message,
    /** Newest first. */
    list: (queueId: string, filter: MessageFilter = {}, options: Options = {}) =>
      listed<Message>(this.#transport, `${queueAt(queueId)}/messages`, 'messages', {
        ...options,
        query: { ...filter },
      }),
    delete: async (queueId: string, id: string, options: Options = {}): Promise<void> =>
      void (await this.#transport.call('DELETE', `${queueAt(queueId)}/messages/${segment(id)}`, {
        ...options,
        deletes: true,
      })),
  }

  readonly schedules = {
    create: async (queueId: string, schedule: CreateScheduleRequest, options: Options = {}): Promise<Schedule> =>
      (await this.#create<{ schedule: Schedule }>(`${queueAt(queueId)}/schedules`, schedule, options)).schedule,
    get: async (queueId: string, id: string, options: Options = {}): Promise<Schedule> =>
      (await this.#transport.call<{ schedule: Schedule }>('GET', scheduleAt(queueId, id), options)).schedule,
    list: (queueId: string, options: Options = {}) =>
      listed<Schedule>(this.#transport, `${queueAt(queueId)}/schedules`, 'schedules', options),
    update: async (
      queueId: string,
      id: string,
      changes: UpdateScheduleRequest,
      options: Options = {},
    ): Promise<Schedule> =>
      (
        await this.#transport.call<{ schedule: Schedule }>('PATCH', scheduleAt(queueId, id), {
          ...options,
          body: changes,
        })
      ).schedule,
    delete: async (queueId: string, id: string, options: Options = {}): Promise<void> =>
      void (await this.#transport.call('DELETE', scheduleAt(queueId, id), { ...options, deletes: true })),
  }

  /** For listeners that pull. `PullWorker` does all of it. */
  readonly leases = {
    pull: async (queueId: string, listenerId: string, options: PullOptions = {}): Promise<PulledMessage[]> => {
      const { max = 10, waitMs, leaseMs: lease, signal } = options
      const body = { max, wait: waitMs, lease }
      // A second pull takes other messages; what the first one took comes again when its lease is over.
      const call = { body, signal, waitMs: waitMs ?? 0, repeatable: true }
      const path = `${listenerAt(queueId, listenerId)}/pull`
      return (await this.#transport.call<{ messages: PulledMessage[] }>('POST', path, call)).messages
    },
    ack: (queueId: string, listenerId: string, receipts: readonly string[], options: Options = {}) =>
      this.#settle<{ acknowledged: number; lost: string[] }>(queueId, listenerId, 'ack', { receipts }, options),
    /** Gives messages back, to come again after `delayMs`, or by the retry policy. */
    nack: (
      queueId: string,
      listenerId: string,
      receipts: readonly string[],
      { delayMs: delay, ...options }: Options & { delayMs?: number } = {},
    ) => this.#settle<{ returned: number; lost: string[] }>(queueId, listenerId, 'nack', { receipts, delay }, options),
    /** The leases begin anew, for `leaseMs` from now. */
    extend: (
      queueId: string,
      listenerId: string,
      receipts: readonly string[],
      { leaseMs: lease, ...options }: Options & { leaseMs: number },
    ) =>
      this.#settle<{ extended: number; lost: string[] }>(queueId, listenerId, 'extend', { receipts, lease }, options),
  }

  async #queueNamed(name: string, options: Options): Promise<Queue | null> {
    for await (const queue of this.queues.list(options)) if (queue.name === name) return queue
    return null
  }

  #settle<Answer>(
    queueId: string,
    listenerId: string,
    verb: string,
    body: object,
    { signal }: Options,
  ): Promise<Answer> {
    const path = `${listenerAt(queueId, listenerId)}/${verb}`
    return this.#transport.call<Answer>('POST', path, { body, signal, repeatable: true })
  }

  #create<Answer>(path: string, body: object, { signal, idempotencyKey }: Options): Promise<Answer> {
    const call = { body, signal, idempotencyKey: idempotencyKey ?? crypto.randomUUID() }
    return this.#transport.call<Answer>('POST', path, call)
  }
}

/** By what messages of a queue are found; times are in ms since the Unix epoch. */
export interface MessageFilter {
  name?: string
  key?: string
  status?: Message['status']
  since?: number
  until?: number
}

/** Throws where an id, which comes from the caller, would make the path another one. */
function segment(id: string): string {
  if (id === '' || id === '.' || id === '..') throw new TypeError(`${JSON.stringify(id)} is no id`)
  return encodeURIComponent(id)
}
const queueAt = (id: string) => `/queues/${segment(id)}`
const listenerAt = (queueId: string, id: string) => `${queueAt(queueId)}/listeners/${segment(id)}`
const scheduleAt = (queueId: string, id: string) => `${queueAt(queueId)}/schedules/${segment(id)}`

function written({ data, ...rest }: NewMessage): CreateMessageRequest {
  return { ...rest, ...spoken(data) }
}
