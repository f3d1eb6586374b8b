import type { MessageFilter } from '../../api/queries.ts'

/** By what a text is looked for. */
export type SearchBy = 'contains' | 'data' | 'name' | 'key' | 'id'

/** What is asked of messages, as it is typed and as it stands in the address of the page. */
export interface SearchDraft {
  by: SearchBy
  text: string
  /** Of a message, or of any of its deliveries: to the listener, where one is chosen. */
  status: string
  listener: string
  since: number | null
  until: number | null
}

export const NO_SEARCH: SearchDraft = { by: 'contains', text: '', status: '', listener: '', since: null, until: null }

const BYS: readonly string[] = ['contains', 'data', 'name', 'key', 'id'] satisfies SearchBy[]
/** What a message as a whole is; all else is said of a delivery, for it may have been missed by one listener alone. */
const OF_MESSAGE: readonly string[] = ['scheduled', 'unrouted']

export function draftIn(address: URLSearchParams): SearchDraft {
  const by = address.get('by') ?? ''
  const time = (name: string) => (/^\d{1,15}$/.test(address.get(name) ?? '') ? Number(address.get(name)) : null)
  return {
    by: BYS.includes(by) ? (by as SearchBy) : 'contains',
    text: address.get('text') ?? '',
    status: address.get('status') ?? '',
    listener: address.get('listener') ?? '',
    since: time('since'),
    until: time('until'),
  }
}

/** What goes into the address; what asks for nothing is left out. */
export function addressOf({ by, text, status, listener, since, until }: SearchDraft): Record<string, string> {
  const times = { since: since === null ? '' : String(since), until: until === null ? '' : String(until) }
  const said = { ...(text.trim() !== '' && by !== 'contains' && { by }), text: text.trim(), status, listener, ...times }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== ''))
}

/** The path and the value of `order.id = 17`, also with `data.` before it; null for what is no condition. */
function conditionIn(text: string): { path: string; value: string } | null {
  const at = text.indexOf('=')
  const path = text
    .slice(0, Math.max(at, 0))
    .trim()
    .replace(/^data\./, '')
  return path === '' || /\s/.test(path) ? null : { path, value: text.slice(at + 1).trim() }
}

/** What is wrong with the text; undefined where nothing is. */
export function textFault({ by, text }: SearchDraft): string | undefined {
  const isWrong = by === 'data' && text.trim() !== '' && conditionIn(text) === null
  return isWrong ? 'must be a path in the data, =, and a value: order.id=17' : undefined
}

/** In the words of the API; empty where all messages are asked for. */
export function filterOf(draft: SearchDraft): MessageFilter {
  const text = draft.text.trim()
  const condition = draft.by === 'data' ? conditionIn(text) : null
  const status = OF_MESSAGE.includes(draft.status) ? 'status' : 'delivery_status'
  return {
    ...(condition !== null && { [`data.${condition.path}`]: condition.value }),
    ...(text !== '' && draft.by !== 'data' && draft.by !== 'id' && { [draft.by]: text }),
    ...(draft.status && { [status]: draft.status }),
    ...(draft.listener && { listener_id: draft.listener }),
    ...(draft.since !== null && { since: draft.since }),
    ...(draft.until !== null && { until: draft.until }),
  }
}
