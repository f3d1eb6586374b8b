/** A source without its comments, each text in it replaced by its place in `texts`: `import x from "0"`. */
export interface BareSource {
  code: string
  texts: string[]
  /** Its regular expressions as they are written, with slashes and flags. */
  expressions: string[]
}

export interface Import {
  /** Null where it is computed, so that reading does not tell it. */
  specifier: string | null
  /** Erased before the file runs. */
  typeOnly: boolean
}

const COMMENT = /\/\/.*|\/\*[\s\S]*?\*\//y
const QUOTED = /'((?:\\[\s\S]|[^'\\])*)'|"((?:\\[\s\S]|[^"\\])*)"/y
const TEMPLATE_PART = /((?:\\[\s\S]|\$(?!\{)|[^\\`$])*)(`|\$\{)/y
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/[\\\n])+\/[a-z]*/y
/** Where an expression begins, a slash begins a regular expression; elsewhere it divides. */
const EXPRESSION_BEGINS = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|of|in))\s*$/

/** Strips comments, texts and regular expressions, so that a search through the rest finds nothing but code. */
export function bareSource(source: string): BareSource {
  const [texts, expressions]: [string[], string[]] = [[], []]
  /** For each template we are inside of, how deep in braces its `${` is. */
  const templates: number[] = []
  let [code, depth, at] = ['', 0, 0]

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(source)
    if (found !== null) at = pattern.lastIndex
    return found
  }
  const putText = (text: string) => {
    code += `"${texts.push(text) - 1}"`
  }
  const readTemplate = () => {
    const part = match(TEMPLATE_PART)
    if (part === null) throw new SyntaxError('a template without an end')
    putText(part[1]!)
    if (part[2] === '`') return
    code += '{'
    templates.push(depth++)
  }
  const readExpression = (): boolean => {
    const found = match(REGEX)
    if (found !== null) expressions.push(found[0])
    return found !== null
  }
  const readOther = () => {
    const letter = source[at++]!
    if (letter === '`') return readTemplate()
    if (letter === '{') depth += 1
    if (letter === '}') depth -= 1
    code += letter
    if (letter === '}' && templates.at(-1) === depth) {
      templates.pop()
      readTemplate()
    }
  }

  while (at < source.length) {
    if (match(COMMENT)) code += ' '
    else if (EXPRESSION_BEGINS.test(code.slice(-20)) && readExpression()) code += '/ /'
    else {
      const quoted = match(QUOTED)
      if (quoted === null) readOther()
      else putText(quoted[1] ?? quoted[2] ?? '')
    }
  }
  return { code, texts, expressions }
}

const STATIC = /\b(?:import|export)\b(\s+type\b(?!\s*(?:,|from\b)))?(?:[\w\s*$,{}]*?\bfrom\b)?\s*"(\d+)"/g
const DYNAMIC = /\b(?:import|require)\s*\(\s*(?:"(\d+)"\s*[,)])?/g

/** Everything that a source imports: static, for its types, for its effects, by `export … from`, and dynamic. */
export function importsOf({ code, texts }: BareSource): Import[] {
  const statics = code.matchAll(STATIC).map(([, type, text]) => ({
    specifier: texts[Number(text)]!,
    typeOnly: type !== undefined,
  }))
  const dynamics = code.matchAll(DYNAMIC).map(([, text]) => ({
    specifier: text === undefined ? null : texts[Number(text)]!,
    typeOnly: false,
  }))
  return [...statics, ...dynamics]
}
