/** A fenced block of a page of the documentation, or what a comment expects after it. */
export type Step =
  /** Run by bash, in the page's own folder; in the background it goes on until the page is over. */
  | { kind: 'shell'; line: number; text: string; background: boolean }
  /** Written to a file of that name, for a later block to run. */
  | { kind: 'file'; line: number; text: string; name: string }
  /** Run by itself, as by `node -`. */
  | { kind: 'program'; line: number; text: string; language: Language }
  /** Must be JSON; nothing more can be said of it. */
  | { kind: 'json'; line: number; text: string }
  /** Something that the page ran must have printed this by now, or print it soon. */
  | { kind: 'expect'; line: number; text: string }

export type Language = 'js' | 'python' | 'go'

const LANGUAGES: readonly string[] = ['js', 'python', 'go']
/** The convention of the pages: blocks in these languages are settings or output, and no reader pastes them. */
export const SHOWN_ONLY: readonly string[] = ['text', 'ini', 'yaml', 'nginx', 'hcl']

const FENCE = /^(`{3,})(.*)$/
const EXPECT = /^<!-- expect: (.+) -->$/

/** The steps of a page, in order. Throws for a block whose language is neither run nor known to be shown only. */
export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const expected = EXPECT.exec(lines[at]!)
    if (expected) steps.push({ kind: 'expect', line: at + 1, text: expected[1]! })
    const [, fence, info] = FENCE.exec(lines[at]!) ?? []
    if (fence === undefined) continue
    const end = lines.indexOf(fence, at + 1)
    if (end < 0) throw new Error(`the block of line ${at + 1} does not end`)
    const step = stepOf(info!.trim(), { line: at + 1, text: `${lines.slice(at + 1, end).join('\n')}\n` })
    if (step !== null) steps.push(step)
    at = end
  }
  return steps
}

function stepOf(info: string, block: { line: number; text: string }): Step | null {
  const language = /^\S*/.exec(info)![0]
  const name = /\[(.+?)\]/.exec(info)?.[1]
  if (SHOWN_ONLY.includes(language)) return null
  if (language === 'json') return { kind: 'json', ...block }
  if (language === 'bash') return { kind: 'shell', ...block, background: info.includes('background') }
  if (LANGUAGES.includes(language)) {
    return name === undefined
      ? { kind: 'program', ...block, language: language as Language }
      : { kind: 'file', ...block, name }
  }
  throw new Error(`line ${block.line}: a block in "${language}" is neither run nor marked as settings or output`)
}
