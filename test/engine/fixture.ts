import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { ReceiverDirective } from '../../src/core/delivery/attempt.ts'
import type { DeliveryStatus, DeliverySummary } from '../../src/core/delivery/delivery-summary.ts'
import type { Tally } from '../../src/core/delivery/ledger.ts'
import type { DeliverySettings, Listener } from '../../src/core/delivery/listener.ts'
import type { Message } from '../../src/core/delivery/message.ts'
import type { Queue } from '../../src/core/delivery/queue.ts'
import { createRedeliverer } from '../../src/engine/upkeep/redeliverer.ts'
import type { Store } from '../../src/store/store.ts'
import type { Reply, Sent } from './fake-sender.ts'
import { openTestEngine, type TestEngine } from './test-engine.ts'

export type Step =
  | { do: 'accept'; key: string | null; delayMs: number }
  | { do: 'answer'; picks: number[]; reply: Reply }
  | { do: 'pass'; ms: number }
  | { do: 'crash' }
  | { do: 'pause'; paused: boolean }
  | { do: 'enable'; listener: number; enabled: boolean }
  | { do: 'on missed'; listener: number; onMissed: 'continue' | 'block' }
  | { do: 'redeliver'; message: number; listener: number | null; immediately: boolean }
  | { do: 'redeliver many'; listener: number; status: DeliveryStatus | null; immediately: boolean }
  | { do: 'delete message'; message: number }
  | { do: 'delete listener'; listener: number }
  | { do: 'add listener'; ordering: DeliverySettings['ordering'] }

type Posted = Omit<Message, 'sequence'>

/** A message and a listener that it was accepted for. */
interface Pair {
  message: Posted
  listener: Listener
  /** The listener acknowledged it, and no client has asked for it again since. */
  acknowledged: boolean
  /** It was asked for again, so that it may come after messages that were accepted later. */
  redelivered: boolean
  sentAttempts: number
  /** The last attempt that the policy allows, until it begins anew. */
  allowedAttempts: number
  orderNumber: string | null
}

const MAX_ATTEMPTS = 3
const RETRY = { maxAttempts: MAX_ATTEMPTS, initialDelayMs: 1_000, maxDelayMs: 10_000, multiplier: 2 }
const MAX_LISTENERS = 5

/** The engine on one store, through crashes, beside a model of what it may do. */
export class Fixture {
  readonly #t: TestContext
  #engine!: TestEngine
  #queue!: Queue
  #listeners: Listener[] = []
  /** Those that have wanted to be blocked by a missed message from their beginning. */
  readonly #blocking = new Set<string>()
  readonly #messages: Posted[] = []
  readonly #deleted = new Set<string>()
  readonly #pairs = new Map<string, Pair>()
  #accepted = 0
  #lives = 1
  /** How much of what this life has sent was looked at. */
  #seen = 0

  private constructor(t: TestContext) {
    this.#t = t
  }

  static async begin(t: TestContext, store: Store): Promise<Fixture> {
    const fixture = new Fixture(t)
    fixture.#engine = await openTestEngine(t, { store, node: 'node-1' })
    fixture.#queue = await fixture.#engine.addQueue()
    await fixture.#addListener({ ordering: 'none' })
    await fixture.#addListener({ ordering: 'queue', onMissed: 'continue' })
    await fixture.#addListener({ ordering: 'key', onMissed: 'block' })
    await fixture.#engine.dispatcher.renewLeases()
    return fixture
  }

  /** Takes one step, lets it come to rest, and looks at everything. */
  async take(step: Step): Promise<void> {
    await this.#do(step)
    await this.#rest()
    await this.#check()
  }

  /** Lets everything be delivered: afterwards nothing may be pending anywhere. */
  async drain(): Promise<void> {
    await this.take({ do: 'pause', paused: false })
    for (const listener of this.#listeners.keys()) {
      await this.#do({ do: 'enable', listener, enabled: true })
      await this.#do({ do: 'on missed', listener, onMissed: 'continue' })
    }
    this.#engine.sender.reply = () => 200
    for (const sent of this.#engine.sender.open()) this.#answer(sent, 200)
    for (let round = 0; round < 6; round++) await this.take({ do: 'pass', ms: 3_600_000 })
    const waiting = await this.#summaries((delivery) => delivery.status === 'pending')
    assert.deepEqual(waiting, [])
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case 'accept':
        return this.#accept(step)
      case 'answer':
        for (const pick of step.picks) {
          const sent = picked(this.#engine.sender.open(), pick)
          if (sent !== undefined) this.#answer(sent, step.reply)
          await this.#rest()
        }
        return
      case 'pass':
        return this.#pass(step.ms)
      case 'crash':
        return this.#crash()
      case 'pause':
        return this.#engine.pause(this.#queue, step.paused)
      case 'enable':
        return this.#change(step.listener, { status: step.enabled ? 'enabled' : 'disabled' })
      case 'on missed':
        return this.#change(step.listener, { onMissed: step.onMissed })
      case 'redeliver':
        return this.#redeliver(step)
      case 'redeliver many':
        return this.#redeliverMany(step)
      case 'delete message':
        return this.#deleteMessage(picked(this.#kept(), step.message))
      case 'delete listener':
        return this.#deleteListener(picked(this.#listeners, step.listener))
      case 'add listener':
        if (this.#listeners.length < MAX_LISTENERS) await this.#addListener({ ordering: step.ordering })
    }
  }

  async #addListener(settings: Partial<DeliverySettings>): Promise<void> {
    const listener = await this.#engine.addListener(this.#queue, { ...settings, retry: RETRY })
    this.#listeners.push(listener)
    if (settings.onMissed === 'block') this.#blocking.add(listener.id)
  }

  async #accept({ key, delayMs }: Extract<Step, { do: 'accept' }>): Promise<void> {
    const now = this.#engine.runtime.now()
    const message = await this.#engine.post(this.#queue, { key, deliverAt: now + delayMs })
    this.#messages.push(message)
    for (const listener of this.#listeners) {
      this.#accepted += 1
      this.#pairs.set(message.id + listener.id, {
        ...{ message, listener, acknowledged: false, redelivered: false, orderNumber: null },
        ...{ sentAttempts: 0, allowedAttempts: MAX_ATTEMPTS },
      })
    }
  }

  /** Answers as a receiver does, and notes what that means by the contract. */
  #answer(sent: Sent, reply: Reply): void {
    const pair = this.#pairOf(sent)
    sent.answer(reply)
    if (pair === undefined) return
    const status = statusOf(reply)
    if (status === 200) pair.acknowledged = true
    // Disabled, it starts over when a client enables it again.
    if (status === 410) pair.allowedAttempts = pair.sentAttempts + MAX_ATTEMPTS
  }

  async #pass(ms: number): Promise<void> {
    await this.#engine.runtime.advance(ms)
    await this.#engine.dispatcher.renewLeases()
    await this.#engine.dispatcher.sweep()
    const { store, runtime } = this.#engine
    const tick = createRedeliverer({ store, runtime })
    for (let rounds = 0; (await tick()) > 0; rounds++) assert.ok(rounds < 100, 'a redelivery without end')
    for (;;) if ((await store.removals.sweep({ limit: 100 })) === 0) break
  }

  /** Everything in memory is gone, what was on the wire is never answered; a new server begins on the same store. */
  async #crash(): Promise<void> {
    const { runtime, store } = this.#engine
    this.#lives += 1
    const node = `node-${this.#lives}`
    // The file belongs to one process: with it go all leases, which are in its memory.
    await store.deliveries.release({ node: `node-${this.#lives - 1}` })
    const startAt = runtime.now() + 1
    const after = await openTestEngine(this.#t, { after: this.#engine, node, startAt })
    // Whatever the old one still finds to do must reach neither the store nor the receivers.
    this.#engine.unfollow()
    silence(this.#engine)
    this.#engine = after
    this.#seen = 0
    await after.dispatcher.renewLeases()
    await after.dispatcher.sweep()
  }

  async #change(pick: number, settings: Partial<DeliverySettings>): Promise<void> {
    const listener = picked(this.#listeners, pick)
    if (listener === undefined) return
    const { organizationId, queueId, id } = listener
    if (settings.onMissed !== undefined) this.#blocking.delete(id)
    const { store, runtime } = this.#engine
    const changed = await store.listeners.update({
      ...{ organizationId, queueId, id, changes: { settings }, now: runtime.now() },
    })
    assert.ok(typeof changed === 'object')
  }

  async #redeliver(step: Extract<Step, { do: 'redeliver' }>): Promise<void> {
    const { message: pick, listener, immediately } = step
    const message = picked(this.#kept(), pick)
    if (message === undefined) return
    const meant = this.#listeners.filter(({ id }) => this.#pairs.has(message.id + id))
    const chosen = listener === null ? meant : [picked(meant, listener)].filter((it) => it !== undefined)
    if (listener !== null && chosen.length === 0) return
    const { store, runtime } = this.#engine
    const { organizationId, queueId, id } = message
    const ask = { organizationId, queueId, id, now: runtime.now() }
    const listenerIds = listener === null ? null : chosen.map((it) => it.id)
    const outcome = await store.redeliveries.ofMessage({ ...ask, listenerIds, immediately })
    assert.ok(typeof outcome === 'object' && 'details' in outcome)
    assert.deepEqual([...outcome.listenerIds].sort(), chosen.map((it) => it.id).sort())
    for (const it of chosen) this.#asked(message.id + it.id)
  }

  #asked(key: string): void {
    const pair = this.#pairs.get(key)!
    pair.acknowledged = false
    pair.redelivered = true
    pair.allowedAttempts = pair.sentAttempts + MAX_ATTEMPTS
  }

  async #redeliverMany(step: Extract<Step, { do: 'redeliver many' }>): Promise<void> {
    const { listener: pick, status, immediately } = step
    const listener = picked(this.#listeners, pick)
    if (listener === undefined) return
    const { store, runtime } = this.#engine
    const { organizationId, queueId, id: listenerId } = listener
    const place = { id: runtime.newId(), organizationId, queueId, listenerId, createdAt: runtime.now() }
    const which = { since: null, until: null, status, immediately }
    assert.equal(await store.redeliveries.create({ ...place, ...which }), 'created')
    const matching = await this.#summaries((it) => it.listenerId === listenerId && (status ?? it.status) === it.status)
    for (const { messageId } of matching) this.#asked(messageId + listenerId)
    await this.#pass(0)
  }

  async #deleteMessage(message: Posted | undefined): Promise<void> {
    if (message === undefined) return
    const { store, runtime } = this.#engine
    const { organizationId, queueId, id } = message
    const outcome = await store.messages.delete({ organizationId, queueId, id, now: runtime.now() })
    assert.ok(typeof outcome === 'object')
    this.#deleted.add(id)
  }

  async #deleteListener(listener: Listener | undefined): Promise<void> {
    if (listener === undefined || this.#listeners.length === 1) return
    const { store, runtime } = this.#engine
    const { organizationId, queueId, id } = listener
    await store.listeners.delete({ organizationId, queueId, id, now: runtime.now() })
    this.#listeners = this.#listeners.filter((other) => other !== listener)
  }

  #kept(): Posted[] {
    return this.#messages.filter(({ id }) => !this.#deleted.has(id))
  }

  #pairOf(sent: Sent): Pair | undefined {
    return this.#pairs.get(sent.id + sent.header('discue-listener'))
  }

  async #rest(): Promise<void> {
    for (let times = 0; times < 2; times++) await this.#engine.runtime.rest()
  }

  /** How all that is kept stands with those it was accepted for. */
  async #summaries(fits: (it: DeliverySummary) => boolean) {
    const all = await Promise.all(
      this.#kept().map(async (message) =>
        (await this.#engine.deliveriesOf(message)).map((it) => ({ messageId: message.id, ...it })),
      ),
    )
    return all.flat().filter(fits)
  }

  async #check(): Promise<void> {
    const summaries = await this.#summaries(() => true)
    const status = new Map(summaries.map((it) => [it.messageId + it.listenerId, it.status]))
    const fresh = this.#engine.sender.sent.slice(this.#seen)
    this.#seen = this.#engine.sender.sent.length
    for (const sent of fresh) this.#checkSent(sent, status)
    this.#checkStates(status)
    this.#checkOpen()
    await this.#checkLedger(summaries)
    this.#engine.runtime.assertNoErrors()
  }

  #checkSent(sent: Sent, status: ReadonlyMap<string, DeliveryStatus>): void {
    const pair = this.#pairOf(sent)
    assert.ok(pair, 'sent to somebody that it was not accepted for')
    const { listener, message } = pair
    assert.ok(!pair.acknowledged || !sent.open, `${message.id} was acknowledged, and is sent again`)
    assert.ok(sent.attempt <= pair.allowedAttempts, `attempt ${sent.attempt} of ${pair.allowedAttempts}`)
    assert.ok(sent.attempt >= pair.sentAttempts, 'attempts count backwards')
    const isFirst = pair.sentAttempts === 0
    pair.sentAttempts = sent.attempt
    // Answered by itself, as everything is in the end.
    if (!sent.open && this.#engine.sender.reply(sent) === 200) pair.acknowledged = true
    if (listener.settings.ordering === 'none') return
    const number = sent.header('discue-sequence')
    assert.equal(number, String(this.#placeOf(pair)), 'numbers have a gap, or are not those of acceptance')
    if (isFirst && !pair.redelivered) this.#checkTurn(pair, status)
  }

  /** The place among all messages that this listener was to get, deleted ones included. */
  #placeOf({ message, listener }: Pair): number {
    const own = this.#messages.filter(({ id }) => this.#pairs.has(id + listener.id))
    return own.findIndex(({ id }) => id === message.id) + 1
  }

  /** Whatever was accepted before it under the same key is done with. */
  #checkTurn({ message, listener }: Pair, status: ReadonlyMap<string, DeliveryStatus>): void {
    const { ordering } = listener.settings
    if (ordering === 'key' && message.key === null) return
    for (const other of this.#messages) {
      if (other.id === message.id) return
      const pair = this.#pairs.get(other.id + listener.id)
      if (pair === undefined || pair.redelivered || (ordering === 'key' && other.key !== message.key)) continue
      const stands = status.get(other.id + listener.id)
      assert.notEqual(stands, 'pending', 'sent before its turn')
      if (this.#blocking.has(listener.id)) assert.notEqual(stands, 'missed', 'sent though a missed one blocks it')
    }
  }

  /** Every pair that exists stands in one way, and what was acknowledged is delivered. */
  #checkStates(status: ReadonlyMap<string, DeliveryStatus>): void {
    const listeners = new Set(this.#listeners)
    for (const [key, pair] of this.#pairs) {
      if (this.#deleted.has(pair.message.id) || !listeners.has(pair.listener)) continue
      assert.ok(status.has(key), 'neither an end nor a next step')
      if (pair.acknowledged) assert.equal(status.get(key), 'delivered')
    }
  }

  /** With an order, one at a time is on the wire. */
  #checkOpen(): void {
    const taken = new Set<string>()
    for (const sent of this.#engine.sender.open()) {
      const { listener, message } = this.#pairOf(sent)!
      const { ordering } = listener.settings
      const isOrdered = ordering === 'queue' || (ordering === 'key' && message.key !== null)
      // What is deleted while it is on the wire does not keep the next one waiting.
      if (!isOrdered || this.#deleted.has(message.id)) continue
      const place = `${listener.id} ${ordering === 'queue' ? '' : message.key}`
      assert.ok(!taken.has(place), 'two of one order are on the wire')
      taken.add(place)
    }
  }

  async #checkLedger(summaries: readonly DeliverySummary[]): Promise<void> {
    const { store, runtime } = this.#engine
    const { organizationId, id } = this.#queue
    const ask = { organizationId, only: null, since: null, until: null, now: runtime.now() }
    const ledger = await store.ledger.read(ask)
    assert.deepEqual(ledger.unaccounted, [])
    const sum = (name: keyof Tally) => ledger.queues[0]!.listeners.reduce((total, { tally }) => total + tally[name], 0)
    assert.equal(sum('unaccounted'), 0)
    assert.equal(sum('accepted'), this.#accepted)
    const ends = ['delivered', 'pending', 'scheduled', 'missed', 'deleted', 'listenerDeleted', 'expired'] as const
    assert.equal(
      ends.reduce((total, name) => total + sum(name), 0),
      this.#accepted,
    )
    const pending = summaries.filter(({ status }) => status === 'pending').length
    assert.equal(sum('pending') + sum('scheduled'), pending)
    assert.equal((await store.queues.get({ organizationId, id }))?.pendingCount, pending)
    assert.equal(sum('missed'), summaries.filter(({ status }) => status === 'missed').length)
  }
}

function silence({ sender, store }: TestEngine): void {
  sender.send = () => new Promise(() => undefined)
  store.commit = () => new Promise(() => undefined)
  store.deliveries.claimDue = () => new Promise(() => undefined)
  store.deliveries.handBack = () => new Promise(() => undefined)
}

function statusOf(reply: Reply): number | null {
  if (typeof reply === 'number') return reply
  return typeof reply === 'object' ? reply.status : null
}

function picked<Item>(items: readonly Item[], pick: number): Item | undefined {
  return items.length === 0 ? undefined : items[pick % items.length]
}

/** What a receiver asks for with a status. */
export function asking(status: number, directive: Partial<ReceiverDirective>): Reply {
  return { status, directive }
}
