import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'
import { inTime } from '../wait-for.ts'

/** A test that fails does not come to its end, where it would have stopped what it has started. */
const running = new Set<ChildProcess>()
after(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** A server that was started by whatever way of getting it is tested. */
export interface StartedServer {
  url: string
  rootKey: string
  pid: number
  /** Asks it to stop; answers with its exit code. */
  stop(): Promise<number | null>
}

/** Starts a server by a command of its own and reads what its first start shows. Throws with its output where it ends. */
export async function startServerBy(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<StartedServer> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  const exit = once(child, 'exit').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  const shown = new Promise<[url: string, rootKey: string]>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        const found = /is ready at (\S+)[\s\S]*?\n {2}([\w-]{64})\n/.exec(output)
        if (found) resolve([found[1]!, found[2]!])
      })
    }
    exit.then((code) => reject(new Error(`the server ended with ${code}: ${output}`)), reject)
  })
  const [url, rootKey] = await inTime('a server that shows its key', shown)
  return {
    ...{ url, rootKey, pid: child.pid! },
    stop() {
      child.kill('SIGTERM')
      return inTime('the end of the server', exit)
    },
  }
}
