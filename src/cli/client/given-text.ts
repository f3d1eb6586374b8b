import { readFileSync } from 'node:fs'
import { Failure, UsageFailure } from './failure.ts'

/** A text as it was typed, or `@path` for what is in a file, or `-` for what comes by standard input. */
export async function givenText(text: string): Promise<string> {
  return (await givenBytes(text)).toString('utf8')
}

/** The bytes of a text given as `givenText` takes it. */
export async function givenBytes(text: string): Promise<Buffer> {
  return text.startsWith('@') ? readBytes(text.slice(1)) : text === '-' ? readBytes('-') : Buffer.from(text)
}

/** The bytes of a file, or for `-` what comes by standard input. Throws `Failure` with a line that says why not. */
export async function readBytes(path: string): Promise<Buffer> {
  if (path !== '-') return readFile(path)
  if (process.stdin.isTTY) throw new UsageFailure('no data was given; type it after the queue, or send it by a pipe')
  return Buffer.concat(await process.stdin.toArray())
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
  return readFile(path).toString('utf8')
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new Failure(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}
