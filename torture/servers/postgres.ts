import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../test/support/postgres/postgres-server.ts'
import type { FaultWeights } from '../plan/plan.ts'
import { type DatabaseWire, openWire } from './database-wire.ts'
import { CANNOT_MOVE, type MovedClock, makeClock } from './moved-clock.ts'
import { createNode, type NodeProcess } from './node-process.ts'
import { freePort } from './ports.ts'
import { type Ended, ROOT_KEY, type Servers } from './servers.ts'
import { startStandby } from './standby.ts'
import { strikeClock } from './strike-clock.ts'
import { type Database, strikeDatabase } from './strike-database.ts'
import { strikeNode } from './strike-node.ts'

const WEIGHTS: FaultWeights = {
  ...{ kill: 8, 'kill in start': 2, stop: 2, 'stop beyond leases': 0.4, terminate: 2 },
  ...{ stall: 2, reset: 2, 'half-open': 1.5, 'kill backends': 2.5 },
  ...{ 'restart the database': 1.5, 'crash the database': 1.5 },
}

const CLOCK_WEIGHTS: FaultWeights = { 'clock jump': 1.5 }

/** Several nodes on a PostgreSQL that is started for them, each over a way of its own; with a standby or without. */
export async function startOnPostgres(
  { nodes: count, standby: wanted }: { nodes: number; standby: boolean },
  ended: Ended,
): Promise<Servers> {
  const database: Database = { primary: await startPostgres({ durable: true }), standby: null }
  const wires: DatabaseWire[] = []
  const nodes: NodeProcess[] = []
  const tools = mkdtempSync(join(tmpdir(), 'discue-torture-'))
  const clocks: MovedClock[] = []
  const close = async () => {
    await Promise.all(nodes.map((node) => node.kill()))
    await Promise.all(wires.map((wire) => wire.close()))
    await database.standby?.remove()
    await database.primary.remove()
    rmSync(tools, { recursive: true, force: true })
  }
  try {
    if (wanted) database.standby = await startStandby(database.primary)
    for (let index = 0; index < count; index++) {
      const wire = await openWire(database.primary.port)
      wires.push(wire)
      if (CANNOT_MOVE === null) clocks.push(makeClock(tools, index))
      const env = { ...envOf(database, wire), ...clocks[index]?.env }
      nodes.push(createNode({ port: await freePort(), env }, ended))
    }
    for (const node of nodes) await node.start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    nodes,
    database: database.primary.urlOf('postgres'),
    weights: { ...WEIGHTS, ...(clocks.length > 0 && CLOCK_WEIGHTS), ...(wanted && { promote: 1 }) },
    leftOut: CANNOT_MOVE === null ? [] : [CANNOT_MOVE],
    async strike(fault, incident) {
      const done =
        (await strikeNode(nodes[fault.node]!, fault, incident)) ||
        (await strikeClock(clocks[fault.node] ?? null, fault)) ||
        (await strikeDatabase(database, wires[fault.node]!, fault))
      if (!done) throw new Error(`PostgreSQL has no fault ${fault.kind}`)
    },
    verify: async () => null,
    close,
  }
}

function envOf({ standby }: Database, wire: DatabaseWire): Record<string, string> {
  const hosts = [`127.0.0.1:${wire.port}`, ...(standby === null ? [] : [`127.0.0.1:${standby.port}`])]
  return {
    DISCUE_DATABASE_URL: `postgres://postgres@${hosts.join(',')}/postgres?target_session_attrs=read-write`,
    DISCUE_ROOT_API_KEY: ROOT_KEY,
  }
}
