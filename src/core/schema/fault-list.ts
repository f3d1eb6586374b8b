import type { Fault } from '../problem.ts'

/** More would help no client, and a hostile input could ask for a hundred thousand. */
export const MAX_FAULTS = 20

const MAX_STEP_LENGTH = 128

/**
 * Gathers the faults of something nested, while the caller that walks it says where it is. Paths are JSON pointers (RFC
 * 6901) below `root`, and only made where there is a fault to report.
 */
export class FaultList {
  readonly faults: Fault[] = []
  readonly #root: string
  readonly #steps: (string | number)[] = []

  constructor(root: string) {
    this.#root = root
  }

  /** Nothing more is taken: the walk may end. */
  get full(): boolean {
    return this.faults.length >= MAX_FAULTS
  }

  get path(): string {
    return this.#root + this.#steps.map((step) => `/${pointerStep(step)}`).join('')
  }

  enter(step: string | number): void {
    this.#steps.push(step)
  }

  leave(): void {
    this.#steps.pop()
  }

  /** A fault of the place where the walk is, or of another one whose path was kept. */
  add(message: string, path = this.path): void {
    if (!this.full) this.faults.push({ path, message })
  }

  /** A fault one step below the place where the walk is. */
  addBelow(step: string | number, message: string): void {
    if (!this.full) this.add(message, `${this.path}/${pointerStep(step)}`)
  }
}

/** One step of a path. A name may be as long as the whole input; its beginning is enough to find it. */
export function pointerStep(step: string | number): string {
  return String(step).slice(0, MAX_STEP_LENGTH).replaceAll('~', '~0').replaceAll('/', '~1')
}

const MAX_LISTED = 20
const MAX_QUOTED = 100

/** The first names of a list, for "allowed are …". */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).map(quoted).join(', ')
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown
}

/** A text as it can be shown within a message: in quotes, at most 100 characters of it. */
export function quoted(text: string): string {
  return text.length > MAX_QUOTED ? `${JSON.stringify(text.slice(0, MAX_QUOTED))}…` : JSON.stringify(text)
}
