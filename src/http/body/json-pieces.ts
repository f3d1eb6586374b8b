import type { JsonCount, ListMarks } from '../../core/schema/json-count.ts'

const [BRACKET, BRACKET_END] = [0x5b, 0x5d]

export interface Pieces {
  bytes: number
  pause(): Promise<void>
}

/**
 * What `JSON.parse` makes of a text, in pieces: where it is an object with a long list, such as a batch, entries of the
 * list are parsed some at a time, with a `pause` after each `bytes` of them. Throws the `SyntaxError` of the whole. `count`
 * has read all of the text, which is UTF-8.
 */
export async function parseInPieces(body: Buffer, count: JsonCount, pieces: Pieces): Promise<unknown> {
  const { longest } = count
  const parsed = longest === null ? null : await withList(body, count, longest, pieces)
  return parsed ?? JSON.parse(body.toString('utf8'))
}

/** Null where the parts do not make up the whole without any doubt: then it is to be parsed, or refused, as a whole. */
async function withList(body: Buffer, count: JsonCount, list: ListMarks, pieces: Pieces): Promise<object | null> {
  const textOf = (from: number, to: number) => body.toString('utf8', from, to)
  try {
    const name = JSON.parse(textOf(...list.name))
    const around = JSON.parse(`${textOf(0, list.from)}${textOf(list.to, body.length)}`)
    // A name that is there twice counts the last time; this one is no property when it is assigned.
    if (Object.keys(around).length !== count.properties || name === '__proto__') return null
    if (!Array.isArray(around[name]) || around[name].length > 0) return null
    for (const { from, to, entries } of piecesOf(list, pieces.bytes)) {
      const parsed = JSON.parse(listOf(body, from, to))
      // Nothing between two commas, or behind the last one, is no entry.
      if (parsed.length !== entries && (parsed.length > 0 || list.commas.length > 0)) return null
      for (const entry of parsed) around[name].push(entry)
      await pieces.pause()
    }
    return around
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/**
 * Entries of a list as a list of their own. What stands before and after them, a bracket or a comma, is replaced for that
 * moment: brackets that are added to their text would copy it once more.
 */
function listOf(body: Buffer, from: number, to: number): string {
  const [before, after] = [body[from - 1]!, body[to]!]
  body[from - 1] = BRACKET
  body[to] = BRACKET_END
  const text = body.toString('utf8', from - 1, to + 1)
  body[from - 1] = before
  body[to] = after
  return text
}

/** Entries that lie together, as many as make a piece. */
function* piecesOf({ from, to, commas }: ListMarks, bytes: number) {
  let [start, entries] = [from, 0]
  for (const end of [...commas, to]) {
    entries += 1
    if (end !== to && end - start < bytes) continue
    yield { from: start, to: end, entries }
    start = end + 1
    entries = 0
  }
}
