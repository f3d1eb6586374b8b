/** How a path goes from a message's data to a value: a property of an object, or an index of an array, a step. */
export type DataPath = readonly string[]

/**
 * The steps of a dotted path. A backslash takes the character behind it for itself, so that `a\.b` is one step. Null where
 * it cannot be read: it is empty, has an empty step, or ends with a backslash.
 */
export function readDataPath(text: string): DataPath | null {
  const steps: string[] = []
  let step = ''
  for (let at = 0; at < text.length; at++) {
    let char = text[at]!
    if (char === '.') {
      steps.push(step)
      step = ''
      continue
    }
    if (char === '\\') {
      at += 1
      if (at === text.length) return null
      char = text[at]!
    }
    step += char
  }
  steps.push(step)
  return steps.includes('') ? null : steps
}

const INDEX = /^(?:0|[1-9]\d{0,8})$/

/** The value at the path; undefined where there is none, which no value of JSON is. */
function valueAt(data: unknown, path: DataPath): unknown {
  let value = data
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    if (Array.isArray(value)) value = INDEX.test(step) ? value[Number(step)] : undefined
    else value = Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined
  }
  return value
}

/** The paths that filters of one queue read, each once: a thousand listeners may all ask for the same. */
export class DataPaths {
  readonly #paths: DataPath[] = []
  readonly #numbers = new Map<string, number>()

  /** The number of a path that can be read. */
  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    const number = this.#paths.push(readDataPath(text)!) - 1
    this.#numbers.set(text, number)
    return number
  }

  at(number: number): DataPath {
    return this.#paths[number]!
  }
}

const UNREAD = Symbol('unread')

/** What is at the paths of one message's data; each is looked up once, when it is first asked for. */
export class DataValues {
  readonly #data: object
  readonly #paths: DataPaths
  readonly #read: unknown[] = []

  constructor(data: object, paths: DataPaths) {
    this.#data = data
    this.#paths = paths
  }

  at(number: number): unknown {
    while (this.#read.length <= number) this.#read.push(UNREAD)
    const known = this.#read[number]
    if (known !== UNREAD) return known
    const value = valueAt(this.#data, this.#paths.at(number))
    this.#read[number] = value
    return value
  }
}
