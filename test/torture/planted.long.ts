import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Judgement } from '../../torture/judge/judge.ts'
import { planOf } from '../../torture/plan/plan.ts'
import { emptyRecord } from '../../torture/record/record.ts'
import { runCampaign } from '../../torture/run/campaign.ts'
import { startOnSqlite } from '../../torture/servers/sqlite.ts'
import { PLANTED, type PlantedFault } from './plants.ts'

const timeout = 400_000
const CAMPAIGNS = 3
const FAULTS = 2
const WEIGHTS = { kill: 2, stop: 1, terminate: 1 }

async function campaign(seed: number, planted: PlantedFault): Promise<Judgement> {
  const folder = mkdtempSync(join(tmpdir(), 'discue-planted-'))
  const record = emptyRecord()
  const servers = await startOnSqlite({ inFolder: folder }, (text) => record.incidents.push({ at: 0, text }))
  try {
    const plan = planOf({ seed, faults: FAULTS, nodes: 1, weights: planted.weights ?? WEIGHTS })
    const plant = planted.plant(servers)
    return await runCampaign({ plan, servers, record, plant, say: () => undefined })
  } finally {
    await servers.close()
    rmSync(folder, { recursive: true })
  }
}

describe('a fault that is planted between the servers and the torture is found in a few campaigns', () => {
  for (const planted of PLANTED) {
    test(planted.what, { timeout }, async () => {
      const found = new Set<string>()
      for (let seed = 1; seed <= CAMPAIGNS && !found.has(planted.found); seed++) {
        for (const { kind } of (await campaign(seed, planted)).violations) found.add(kind)
      }
      assert.ok(found.has(planted.found), `found ${[...found].join(', ') || 'nothing'} in ${CAMPAIGNS} campaigns`)
    })
  }
})
