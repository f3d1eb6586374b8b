import { createHash } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ApiClient } from '../client/api-client.ts'
import type { Api } from '../client/api-types.ts'

/**
 * The name tells whose it is: `listen/<host>/<place>-<pid>`. The place is the machine together with its space of
 * process ids: two containers may share a host name, and each has a process 7 of its own.
 */
export function temporaryName(pid: number): string {
  return `${prefix()}${pid}`
}

/** Ids and names of those that no process here belongs to any more: it was killed, or could not reach the server. */
export async function leftBehind(api: ApiClient, queueId: string): Promise<{ id: string; name: string }[]> {
  const found: { id: string; name: string }[] = []
  for await (const { id, name } of api.all<Api.Listener>(`/queues/${queueId}/listeners`, 'listeners')) {
    if (typeof name === 'string' && name.startsWith(prefix()) && isOver(Number(name.slice(prefix().length)))) {
      found.push({ id, name })
    }
  }
  return found
}

function prefix(): string {
  const host =
    hostname()
      .replace(/[^A-Za-z0-9.-]+/g, '-')
      .slice(0, 60) || 'localhost'
  const place = createHash('sha256').update(`${hostname()} ${processSpace()}`).digest('hex').slice(0, 8)
  return `listen/${host}/${place}-`
}

/** Linux says which space of process ids this is; elsewhere a machine has one. */
function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

/**
 * A process that there is and that we may not signal is one nevertheless. This process's own id belonged to another
 * process before.
 */
function isOver(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  if (pid === process.pid) return true
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
