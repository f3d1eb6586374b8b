import { readFileSync } from 'node:fs'
import { Failure, UsageFailure } from './failure.ts'

/** A text as it was typed, or `@path` for what is in a file, or `-` for what comes by standard input. */
export async function givenText(text: string): Promise<string> {
  if (text === '-') return readAll(process.stdin)
  return text.startsWith('@') ? readTextFile(text.slice(1)) : text
}

/** A text given as `givenText` takes it, parsed as JSON; `what` names it in the failure. */
export async function givenJson(text: string, what: string): Promise<unknown> {
  const json = await givenText(text)
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageFailure(`${what} is not valid JSON: ${(error as Error).message}`)
  }
}

/** Throws `Failure` with a line that says why. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Failure(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  if (stream.isTTY) throw new UsageFailure('no data was given; type it after the queue, or send it by a pipe')
  const chunks = await stream.toArray()
  return Buffer.concat(chunks).toString('utf8')
}
