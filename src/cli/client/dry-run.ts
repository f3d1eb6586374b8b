import type { SpokenBody } from './body.ts'
import type { Context } from './context.ts'
import { Failure } from './failure.ts'
import { showList } from './show.ts'

/** What the API answers to `dry_run`, as far as it is shown. */
interface DryRun {
  listeners: Entry[]
  errors?: { path: string; message: string }[]
}

interface Entry {
  id: string
  name: string
  verdict: 'delivers' | 'waits' | 'left_out' | 'refused'
  reason?: string
  /** What of the filter the message is not, as a JSON pointer. */
  failed?: string
  request: { method: string; url: string } | null
}

const COLUMNS = {
  LISTENER: ({ name }: Entry) => name,
  VERDICT: ({ verdict }: Entry) => verdict,
  WHY: ({ reason, failed }: Entry) => [reason, failed].filter((part) => part !== undefined).join(' '),
  REQUEST: ({ request }: Entry) => (request === null ? null : `${request.method} ${request.url}`),
}

/** Shows who would get a message and who not, and why; nothing is stored. Throws where it would be refused. */
export async function showDryRun(
  { api, terminal }: Context,
  path: string,
  body: SpokenBody & Record<string, unknown>,
): Promise<void> {
  const answer = await api.call<DryRun>('POST', path, { query: { dry_run: true }, body })
  if (terminal.json) terminal.print(JSON.stringify(answer, null, 2))
  else showList(terminal, answer.listeners, COLUMNS, 'the queue has no listener that the API key may see')
  const [first] = answer.errors ?? []
  if (first !== undefined) throw new Failure(`it would be refused: ${first.path} ${first.message}`)
}
