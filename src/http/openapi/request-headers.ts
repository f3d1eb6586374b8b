import type { Node } from './node.ts'

/** The headers that every operation of a kind takes, because a hook reads them and not a route's own schema. */
export function commonHeaders(at: { method: string; path: string; keyed: boolean }): Node[] {
  if (!at.keyed) return []
  if (at.method === 'POST') return [IDEMPOTENCY_KEY]
  if (!isSingle(at.path)) return []
  return at.method === 'GET' ? [IF_NONE_MATCH] : [IF_MATCH]
}

/** Whether an operation reads one resource, and so may find that its caller has it already. */
export function mayBeUnchanged(at: { method: string; path: string; keyed: boolean }): boolean {
  return at.keyed && at.method === 'GET' && isSingle(at.path)
}

function isSingle(path: string): boolean {
  return path.endsWith('}')
}

/**
 * Its example belongs to the schema: one of the parameter itself would be filled in by the tools that try requests, and
 * every second request would get the answer of the first.
 */
const IDEMPOTENCY_KEY = header(
  'Idempotency-Key',
  'the request has its effect once for 24 hours, however often it is sent with this key; 1 to 255 printable characters',
  { minLength: 1, maxLength: 255, pattern: '^ *[!-~][ -~]*$', examples: ['order-1042'] },
)
const IF_MATCH = header('If-Match', 'tags of the resource; where none of them is its tag any more, the answer is 409')
const IF_NONE_MATCH = header('If-None-Match', 'tags that the caller has; where one still holds, the answer is 304')

function header(name: string, description: string, rule: Node = {}): Node {
  return { name, in: 'header', description, required: false, schema: { type: 'string', ...rule } }
}
