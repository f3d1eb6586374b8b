import type { PlannedFault } from '../plan/plan.ts'
import { sleep } from '../run/clock.ts'
import type { NodeProcess } from './node-process.ts'

/** How long a start may have gone on when it is killed: from its first line to shortly after it is ready. */
const START_MS = 700

/** What is done to a node as a process, whatever its store is. Answers false where the fault is of another sort. */
export async function strikeNode(
  node: NodeProcess,
  { kind, forMs, chance }: PlannedFault,
  incident: (text: string) => void,
): Promise<boolean> {
  switch (kind) {
    case 'kill':
      await node.kill()
      break
    case 'kill in start':
      await node.kill()
      await node.startAndKill(chance * START_MS)
      break
    case 'terminate': {
      const code = await node.terminate()
      if (code !== 0) incident(`the server was asked to stop, and ended with ${code}: ${node.output()}`)
      break
    }
    case 'stop':
    case 'stop beyond leases':
      node.signal('SIGSTOP')
      await sleep(forMs)
      node.signal('SIGCONT')
      return true
    default:
      return false
  }
  await sleep(forMs / 4)
  await node.start()
  return true
}
