import { unbalanced } from '../judge/ledger.ts'
import { type Action, nextAction } from '../plan/action.ts'
import { type Random, randomOf } from '../plan/random.ts'
import { type Behaviour, COLORS, KEYS } from '../plan/world.ts'
import type { CampaignRecord, DiscardRecord, MessageCall } from '../record/record.ts'
import { type Clock, sleep } from './clock.ts'
import { countsIn } from './end-state.ts'
import { type Deps, post } from './post.ts'
import { makeListener, type World } from './setup.ts'
import type { ApiRequest, Transport } from './transport.ts'

/** What the lanes share. */
export interface Shared {
  seed: number
  nodes: number
  transport: Transport
  record: CampaignRecord
  clock: Clock
  world: World
  urlOf: (behaviour: Behaviour) => string
  /** Messages whose ids are known, the newest last. */
  known: { id: string; queue: string; delayed: boolean }[]
  /** Whether the workload is over. */
  stopped: () => boolean
}

const MAX_KNOWN = 1_000
const SHORTEST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 40

/** One client: does one thing after another until it is told to stop. */
export async function runLane(shared: Shared, lane: number): Promise<void> {
  const actions = randomOf(shared.seed, 'actions', lane)
  // Of their own, for how many of these numbers are used depends on how long things take.
  const chance = randomOf(shared.seed, 'lane', lane)
  const context: Lane = { ...shared, lane, count: 0, chance, pickNode: () => chance.between(0, shared.nodes - 1) }
  while (!shared.stopped()) {
    await perform(context, nextAction(actions))
    await sleep(chance.between(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS))
  }
}

type Lane = Shared & Deps & { lane: number; count: number; chance: Random }

async function perform(lane: Lane, action: Action): Promise<void> {
  switch (action.do) {
    case 'post':
      return postOne(lane, action)
    case 'batch':
      return postBatch(lane, action)
    case 'post what is refused':
      return postRefused(lane)
    case 'delete':
      return callMessage(lane, lane.record.deletions, action.pick, (path) => ({ method: 'DELETE', path }))
    case 'redeliver':
      return callMessage(lane, lane.record.redeliveries, action.pick, (path) => {
        return { method: 'POST', path: `${path}/redeliver`, body: {} }
      })
    case 'move':
      return move(lane, action)
    case 'pause':
      return toggle(lane, `/queues/${lane.world.queueIds.get('paused')}`, [{ paused: true }, { paused: false }], action)
    case 'disable':
      return disable(lane, action)
    case 'add a listener':
      return addListener(lane, action)
    case 'discard':
      return discard(lane, action)
    case 'read the ledger':
      return readLedger(lane)
  }
}

const newToken = (lane: Lane) => `${lane.lane}-${++lane.count}`
const messagesOf = ({ world }: Lane, queue: string) => `/queues/${world.queueIds.get(queue)}/messages`
const keyOf = (idempotent: boolean, token: string) => (idempotent ? { idempotencyKey: `key-${token}` } : {})

const expiring = (expiresInMs: number | undefined) => (expiresInMs === undefined ? {} : { expires_in: expiresInMs })

async function postOne(lane: Lane, action: Extract<Action, { do: 'post' }>) {
  const { queue, key = null, color = null, delayMs, expiresInMs, idempotent } = action
  const token = newToken(lane)
  const data = JSON.stringify({ t: token, ...(color !== null && { c: color }) })
  const delay = delayMs !== undefined && { delay: delayMs }
  const body = { data, ...(key !== null && { key }), ...delay, ...expiring(expiresInMs) }
  const request = { method: 'POST', path: messagesOf(lane, queue), body, ...keyOf(idempotent, token) }
  const entry = { queue, tokens: [token], keys: [key], colors: [color], expiresInMs: expiresInMs ?? null }
  const { ids } = await post(lane, entry, request)
  remember(lane, ids, queue, delayMs !== undefined)
}

async function postBatch(lane: Lane, action: Extract<Action, { do: 'batch' }>) {
  const { queue, size, expiresInMs, idempotent, spoiled } = action
  const tokens = Array.from({ length: size }, () => newToken(lane))
  const keys = tokens.map((_, index) => (queue === 'ordered' ? KEYS[index % KEYS.length]! : null))
  const colors = tokens.map((_, index) => (queue === 'filtered' ? COLORS[index % COLORS.length]! : null))
  const messages = tokens.map((token, index) => {
    const data = JSON.stringify({ t: token, ...(colors[index] !== null && { c: colors[index] }) })
    return { data, ...(keys[index] !== null && { key: keys[index] }), ...expiring(expiresInMs) }
  })
  // One that cannot be taken, behind those that could.
  const body = { messages: spoiled ? [...messages, { data: 17 }] : messages }
  const path = `${messagesOf(lane, queue)}/batch`
  const request = { method: 'POST', path, body, ...keyOf(idempotent && !spoiled, tokens[0]!) }
  const { ids } = await post(lane, { queue, tokens, keys, colors, expiresInMs: expiresInMs ?? null }, request)
  remember(lane, ids, queue, false)
}

/** A text where the schema wants a number. */
async function postRefused(lane: Lane) {
  const token = newToken(lane)
  const body = { data: JSON.stringify({ t: token, n: 'seven' }) }
  const request = { method: 'POST', path: messagesOf(lane, 'strict'), body }
  const entry = { queue: 'strict', tokens: [token], keys: [null], colors: [null], expiresInMs: null }
  const { tries } = await post(lane, entry, request)
  if (tries[0]!.verdict === 'accepted') incident(lane, `${token} does not fit its schema, and was answered 200`)
}

function remember({ known }: Lane, ids: readonly string[] | null, queue: string, delayed: boolean): void {
  for (const id of ids ?? []) known.push({ id, queue, delayed })
  if (known.length > MAX_KNOWN) known.splice(0, known.length - MAX_KNOWN)
}

function incident({ record, clock }: Lane, text: string): void {
  record.incidents.push({ at: clock(), text })
}

const picked = <Value>(values: readonly Value[], pick: number) => values[Math.floor(pick * values.length)]

async function callMessage(lane: Lane, calls: MessageCall[], pick: number, requestOf: (path: string) => ApiRequest) {
  const message = picked(lane.known, pick)
  if (message === undefined) return
  const call: MessageCall = { messageId: message.id, ...unanswered(lane) }
  calls.push(call)
  const { verdict } = await lane.transport(
    lane.pickNode(),
    requestOf(`${messagesOf(lane, message.queue)}/${message.id}`),
  )
  Object.assign(call, { answeredAt: lane.clock(), verdict })
}

const unanswered = ({ clock }: Lane) => {
  return { askedAt: clock(), answeredAt: Number.POSITIVE_INFINITY, verdict: 'unknown' as const }
}

/** Another time for one that may not have started; that it has is no fault. */
async function move(lane: Lane, { pick, delayMs }: Extract<Action, { do: 'move' }>) {
  const delayed = lane.known.filter((message) => message.delayed)
  const message = picked(delayed, pick)
  if (message === undefined) return
  const path = `${messagesOf(lane, message.queue)}/${message.id}`
  await lane.transport(lane.pickNode(), { method: 'PUT', path, body: { deliver_at: Date.now() + delayMs } })
}

/** Changes something, and changes it back after a while; what a fault keeps from being changed back is healed at the end. */
async function toggle(lane: Lane, path: string, [there, back]: [object, object], { forMs }: { forMs: number }) {
  await lane.transport(lane.pickNode(), { method: 'PUT', path, body: there })
  await sleep(forMs)
  await lane.transport(lane.pickNode(), { method: 'PUT', path, body: back })
}

function disable(lane: Lane, action: Extract<Action, { do: 'disable' }>) {
  const path = `/queues/${lane.world.queueIds.get('plain')}/listeners/${lane.world.listenerIds.get('steady')}`
  return toggle(lane, path, [{ status: 'disabled' }, { status: 'enabled' }], action)
}

async function addListener(lane: Lane, { behaviour, forMs }: Extract<Action, { do: 'add a listener' }>) {
  const queueId = lane.world.queueIds.get('plain')!
  const name = `guest-${newToken(lane)}`
  const listener = await makeListener(lane, { queue: 'plain', queueId }, { name, behaviour }, lane.pickNode())
  if (listener === null) return
  await sleep(forMs)
  listener.deleted = unanswered(lane)
  const path = `/queues/${queueId}/listeners/${listener.id}`
  const { verdict } = await lane.transport(lane.pickNode(), { method: 'DELETE', path })
  Object.assign(listener.deleted, { answeredAt: lane.clock(), verdict })
}

/** How long it is followed, and how often it is looked at. */
const FOLLOWED_MS = 10_000
const LOOK_AGAIN_MS = 100

async function discard(lane: Lane, { queue, status, forOne }: Extract<Action, { do: 'discard' }>) {
  const { transport, world, clock, pickNode, record } = lane
  const own = record.listeners.filter((listener) => listener.queue === queue && listener.deleted === null)
  const listenerId = forOne ? lane.chance.pick(own).id : null
  const entry: DiscardRecord = { queue, listenerId, status, ...unanswered(lane), doneAt: Number.POSITIVE_INFINITY }
  record.discards.push(entry)
  const body = { ...(status !== null && { status }), ...(listenerId !== null && { listener_id: listenerId }) }
  const asked = await transport(pickNode(), { method: 'POST', path: `${messagesOf(lane, queue)}/discard`, body })
  Object.assign(entry, { answeredAt: clock(), verdict: asked.verdict })
  if (asked.verdict !== 'accepted') return
  const path = `/queues/${world.queueIds.get(queue)}/discards/${asked.body.discard.id}`
  while (clock() < entry.answeredAt + FOLLOWED_MS && !lane.stopped()) {
    const { status: code, body: read } = await transport(pickNode(), { method: 'GET', path })
    if (code === 200 && read.discard.done) {
      entry.doneAt = clock()
      return
    }
    await sleep(LOOK_AGAIN_MS)
  }
}

async function readLedger(lane: Lane) {
  const { status, body } = await lane.transport(lane.pickNode(), { method: 'GET', path: '/ledger' })
  if (status !== 200) return
  for (const text of unbalanced(countsIn(body.ledger), 'the ledger, meanwhile,')) incident(lane, text)
}
