import { styleText } from 'node:util'

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Where a command shows what it has to say: results on standard output, everything else on standard error. */
export interface Terminal {
  /** Results are JSON, for programs. */
  readonly json: boolean
  print(line: string): void
  /** Prints beside the result, to standard error: progress, warnings, what to do next. */
  note(line: string): void
  /** In colour where standard output is a terminal and `NO_COLOR` is not set. */
  paint(style: Style, text: string): string
}

/** The process's own streams. */
export function createTerminal(json: boolean): Terminal {
  endWithReader(process.stdout)
  return {
    json,
    print: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
  }
}

/** The program that reads this output has seen enough, as `head` has: that is no failure, and nothing is left to do. */
export function endWithReader(output: NodeJS.WriteStream): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}
