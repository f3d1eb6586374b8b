import { FEATURES } from '../../core/feature.ts'
import { texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { LackingNode } from './node-features.ts'

/** Nodes that a heartbeat tells of: more than a database has. */
const MAX_NODES = 1_000

/**
 * The clock by which nodes live and die: null is the database's, so that no node's clock, however wrong, takes another
 * one's leases away. A server whose clock is moved by hand, and tests, give theirs.
 */
export type Clock = (now: number) => number | null

/** The database's clock, where `$n` is null. */
export const timeOr = (parameter: string) =>
  `coalesce(${parameter}::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint)`

export const LIVING = `select node from discue.nodes where alive_until > ${timeOr('$1')}`

/** The nodes whose leases hold, as an array within a statement whose parameter `now` is by the `Clock`. */
export const LIVING_NODES = (now: string) => `array(select node from discue.nodes where alive_until > ${timeOr(now)})`

/** Nodes that live now. */
export async function livingNodes(db: Db, now: number | null): Promise<string[]> {
  return (await db.rows<{ node: string }>(LIVING, [now])).map(({ node }) => node)
}

/**
 * A node's life is told as a duration: what time it has is its own affair. With it goes what the node knows, and what comes
 * back are the nodes that know less: those of a version that does not say know nothing, and have no name but their id.
 */
const RENEW = `
  with renewed as (
    insert into discue.nodes as n (node, alive_until, name, features)
    values ($1, ${timeOr('$2')} + $3, $4, $5::text[])
    on conflict (node) do update
       set alive_until = excluded.alive_until, name = excluded.name, features = excluded.features
  )
  select coalesce(name, node) as name, features from discue.nodes
   where alive_until > ${timeOr('$2')} and node <> $1 and not features @> $5::text[]
   order by node limit ${MAX_NODES}`

const FORGET = `delete from discue.nodes where node = $1`

/** Long after the leases of the dead were taken over: rows that are never looked at any more. */
const FORGET_DEAD = `delete from discue.nodes where alive_until < ${timeOr('$1')} - 3600000`

/** Answers with the living nodes that know less than this version does. */
export function renew(
  db: Db,
  { node, name }: { node: string; name: string | null },
  now: number | null,
  forMs: number,
): Promise<LackingNode[]> {
  return db.rows<LackingNode>(RENEW, [node, now, forMs, name, texts(FEATURES)])
}

export async function forgetNode(db: Db, node: string): Promise<void> {
  await db.run(FORGET, [node])
}

export async function forgetDeadNodes(db: Db, now: number | null): Promise<void> {
  await db.run(FORGET_DEAD, [now])
}
