import type { PlannedFault } from '../plan/plan.ts'
import { randomOf } from '../plan/random.ts'
import { sleep } from '../run/clock.ts'
import type { Disk } from './disk.ts'
import type { NodeProcess } from './node-process.ts'
import { cutPower, forgetMemory } from './power-cut.ts'

/** What is done to the disk below a node. Answers false where the fault is of another sort. */
export async function strikeDisk(
  node: NodeProcess,
  { disk, database }: { disk: Disk; database: string },
  { kind, forMs, chance }: PlannedFault,
): Promise<boolean> {
  switch (kind) {
    case 'full disk':
    case 'failing disk':
      disk.set(kind === 'full disk' ? 'full' : 'failing')
      await sleep(forMs)
      disk.set('well')
      return true
    case 'power cut':
      await node.kill()
      cutPower(disk.journal, randomOf(Math.floor(chance * 2 ** 31), 'power cut'))
      forgetMemory(database)
      await sleep(forMs / 4)
      await node.start()
      return true
    default:
      return false
  }
}
