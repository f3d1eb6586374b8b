import { Problem } from '../../core/problem.ts'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { full } from '../../core/sharing/full.ts'
import { type EventDigest, emptyDigest, isEmpty } from '../../core/telemetry/event-digest.ts'
import { positionOfEvent } from '../../core/telemetry/event-id.ts'
import type { Principal } from '../../core/tenant/api-key.ts'
import type { Cancel } from '../../runtime.ts'
import type { AppDeps } from '../deps.ts'
import { onlyVisible } from '../tenant/visibility.ts'
import { createEventDigestReader, type EventDigestReader } from './event-digest-reader.ts'
import { type Sink, SseClient } from './sse-client.ts'

/** Reads what happened this often for each group of SSE clients, however many they are. */
const TICK_MS = 1_000
/** Past its share an organization is told to come back later; one alone has two fifths of them, and the next of the rest. */
const MAX_SSE_CLIENTS = 5_000
const TIMES = 1.5
const STREAMS = { code: 'too_many_event_streams', what: 'streams of events' } as const

/** Who watches, and how it is written to. */
interface Watching {
  principal: Principal
  /** The key itself: it is asked for again while the stream is open, so that it ends with the key. */
  keyText: string
  /** The id of the last event that the SSE client has seen; null begins with now. */
  lastId: string | null
  sink: Sink
}

/**
 * Tells SSE clients what happens in their organization. The store is asked once a second for all who may see the same, so
 * that a thousand SSE clients cost what one costs, and what is delivered meanwhile knows nothing of them.
 */
export interface EventWatch {
  /** Resolves once the SSE client is in. Throws `too_many_event_streams`, and `stopping` after `close`. */
  join(watching: Watching): Promise<{ ready(): void; leave(): void }>
  /** Ends every stream, and takes no more. */
  close(): void
}

type Deps = Pick<AppDeps, 'store' | 'runtime' | 'keyRing' | 'eventRetentionMs'>

interface Member {
  sseClient: SseClient
  keyText: string
}

/** All who may see the same. */
interface Group {
  organizationId: string
  members: Set<Member>
  reader: EventDigestReader
  /** Resolves when the reader knows where it begins. */
  begun: Promise<void>
  cancel: Cancel
}

/** `textOf` is how an event digest is written to SSE clients. */
export function createEventWatch(deps: Deps, textOf: (eventDigest: EventDigest) => string): EventWatch {
  const { runtime } = deps
  const groups = new Map<string, Group>()
  let closed = false

  const places = new FairPlaces(MAX_SSE_CLIENTS, { times: TIMES })

  function takePlace({ organizationId }: Principal): void {
    if (closed) throw new Problem('stopping')
    if (!places.take(organizationId)) throw full(places, organizationId, STREAMS)
  }

  function groupFor(principal: Principal): Group {
    const key = groupKeyOf(principal)
    const known = groups.get(key)
    if (known !== undefined) return known
    const { organizationId } = principal
    const reader = createEventDigestReader(deps, { organizationId, only: onlyVisible(principal, 'events') })
    const group: Group = { organizationId, members: new Set(), reader, begun: reader.begin(), cancel: () => undefined }
    groups.set(key, group)
    const tick = () => {
      void beat(key, group).then(() => {
        if (groups.get(key) === group) group.cancel = runtime.upkeep(TICK_MS, tick)
      })
    }
    group.cancel = runtime.upkeep(TICK_MS, tick)
    return group
  }

  function remove(key: string, group: Group, member: Member): void {
    if (!group.members.delete(member)) return
    places.give(group.organizationId)
    if (group.members.size > 0 || groups.get(key) !== group) return
    group.cancel()
    groups.delete(key)
  }

  /** One round for one group. A store that does not answer costs SSE clients nothing but time. */
  async function beat(key: string, group: Group): Promise<void> {
    try {
      await group.begun
      const eventDigest = await group.reader.read()
      await dropOutsiders(key, group)
      const text = isEmpty(eventDigest) ? null : textOf(eventDigest)
      for (const { sseClient } of group.members) if (text !== null) sseClient.offer(eventDigest, text)
    } catch (error) {
      runtime.log.debug({ err: error }, 'what happened cannot be read for SSE clients')
    }
    const now = runtime.now()
    for (const member of [...group.members]) {
      if (member.sseClient.tick(now)) continue
      remove(key, group, member)
      member.sseClient.end()
    }
  }

  /** Ends the streams whose key is gone, or may see something else by now, before anything more is told. */
  async function dropOutsiders(key: string, group: Group): Promise<void> {
    const keys = new Set([...group.members].map(({ keyText }) => keyText))
    const outside = new Set<string>()
    for (const keyText of keys) {
      const principal = await deps.keyRing.identify(keyText)
      if (principal === null || groupKeyOf(principal) !== key) outside.add(keyText)
    }
    for (const member of [...group.members]) {
      if (!outside.has(member.keyText)) continue
      remove(key, group, member)
      member.sseClient.end()
    }
  }

  async function missedSince({ reader }: Group, lastId: string | null): Promise<EventDigest> {
    if (lastId === null || positionOfEvent(lastId) === null) return emptyDigest(runtime.now())
    return reader.since(lastId)
  }

  return {
    async join({ principal, keyText, lastId, sink }) {
      takePlace(principal)
      const key = groupKeyOf(principal)
      const group = groupFor(principal)
      const sseClient = new SseClient(sink, { textOf, now: runtime.now() })
      const member = { sseClient, keyText }
      // A member before anything is awaited, so that nothing that happens from now on is missed.
      group.members.add(member)
      const leave = () => remove(key, group, member)
      try {
        await group.begun
        sseClient.begin(await missedSince(group, lastId), runtime.now())
      } catch (error) {
        leave()
        throw error
      }
      return { ready: () => sseClient.ready(runtime.now()), leave }
    },
    close() {
      closed = true
      for (const group of groups.values()) {
        group.cancel()
        for (const { sseClient } of group.members) sseClient.end()
      }
      groups.clear()
    },
  }
}

/** The organization, and the ids that the key is restricted to. */
function groupKeyOf(principal: Principal): string {
  const only = onlyVisible(principal, 'events')
  return [principal.organizationId, ...(only === null ? ['*'] : only.toSorted())].join(' ')
}
