import type { Runtime } from '../runtime.ts'

/**
 * What several things may take in all, where it must go on without them: a stop, while the store does not answer. What
 * fails, and what is not waited for any longer, is logged.
 */
export class Deadline {
  readonly #log: Runtime['log']
  readonly #over: Promise<'late'>

  /** @param ms from now on */
  constructor({ after, log }: Pick<Runtime, 'after' | 'log'>, ms: number) {
    this.#log = log
    this.#over = new Promise((resolve) => after(ms, () => resolve('late')))
  }

  /** Resolves when the work has ended, however it ended, or when the time is over. Never rejects. */
  async wait(what: string, work: Promise<unknown>): Promise<void> {
    const done = work.then(
      () => 'done' as const,
      (err: unknown) => this.#log.error({ err }, `${what}: failed`),
    )
    if ((await Promise.race([done, this.#over])) === 'late') this.#log.error({}, `${what}: not waited for any longer`)
  }
}
